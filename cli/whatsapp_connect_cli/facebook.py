"""Call the Graph API for what only an operator needs: revoke a token, remove the app, test Require App Secret."""

from whatsapp_connect.errors import FacebookError, SetupError, TokenRefusedError
from whatsapp_connect.facebook import FacebookClient
from whatsapp_connect.model import AccessToken

_PARAMETER_REFUSED = 100


class Facebook(FacebookClient):
    """The functions' client with three more calls. Every method raises a LoginError if Facebook refuses."""

    def remove_app(self, user_id: str, *, deadline: float) -> None:
        """Revoke all permissions that a person gave the app. Facebook then ends all of their tokens for the app.

        https://developers.facebook.com/docs/facebook-login/guides/permissions/request-revoke
        """

        def remove(app_secret: str) -> None:
            try:
                self._graph.repeat(
                    "DELETE",
                    f"{user_id}/permissions",
                    bearer=f"{self._graph.app_id}|{app_secret}",
                    deadline=deadline,
                )
            except TokenRefusedError as error:
                # The invalid token is the app's own one, made of the App ID and the secret.
                raise SetupError("app-secret-wrong", **error.fields) from None
            except FacebookError as error:
                # Facebook may answer with a bare `true`, which is not an object.
                if error.reason != "facebook-answer-unreadable" or error.fields.get("facebook_status") != 200:
                    raise

        self._graph.with_secret(remove)

    def revoke(self, token: AccessToken, *, deadline: float) -> None:
        """Revoke a system user's token, with that token as the credential. An invalid token counts as revoked.

        https://developers.facebook.com/docs/business-management-apis/system-users/install-apps-and-generate-tokens
        """

        def revoke(app_secret: str) -> None:
            try:
                self._graph.repeat(
                    "GET",
                    "oauth/revoke",
                    params={
                        "client_id": self._graph.app_id,
                        "client_secret": app_secret,
                        "revoke_token": token.value,
                    },
                    bearer=token.value,
                    deadline=deadline,
                )
            except TokenRefusedError:
                return

        self._graph.with_secret(revoke)

    def requires_app_secret(self, token: AccessToken, *, deadline: float) -> bool:
        """Return whether Facebook refuses a call with this token that is not signed with the app secret."""
        try:
            self._graph.repeat("GET", "me", params={"fields": "id"}, bearer=token.value, deadline=deadline)
        except FacebookError as error:
            if error.fields.get("facebook_code") != _PARAMETER_REFUSED:
                raise
            return True
        return False
