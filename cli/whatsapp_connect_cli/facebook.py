"""Call the Graph API for what only an operator needs: revoke a token, remove the app, send a test message, and more."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from whatsapp_connect import facebook_responses
from whatsapp_connect.errors import FacebookError, SetupError, TokenRefusedError
from whatsapp_connect.facebook import FacebookClient
from whatsapp_connect.model import AccessToken, CanSend, PhoneNumber

_PARAMETER_REFUSED = 100
_UNREGISTERED = frozenset({"DELETED", "DISCONNECTED", "MIGRATED", "PENDING", "UNVERIFIED"})
"""https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-phone-number"""


class NumberHealth(NamedTuple):
    """A phone number, and whether it can send messages, as Facebook says now."""

    number: PhoneNumber
    can_send: CanSend
    problem_code: int
    """Facebook's code of what keeps messages from being sent; 0 for none."""

    @property
    def is_registered(self) -> bool:
        """Whether it is registered for the Cloud API. A number that Meta has restricted is."""
        return self.number.platform_type == "CLOUD_API" and self.number.status not in _UNREGISTERED


class Facebook(FacebookClient):
    """The functions' client with more calls. Every method raises a LoginError if Facebook refuses."""

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

    def client_token(self, business_id: str, own: AccessToken, *, deadline: float) -> AccessToken:
        """Return the token that the app already has for a client business. `own` is our own system user's token.

        https://developers.facebook.com/docs/marketing-api/reference/business/system_user_access_tokens
        """
        answer = self._graph.repeat(
            "POST",
            f"{business_id}/system_user_access_tokens",
            data={"fetch_only": "true", "appsecret_proof": self._graph.proof(own)},
            bearer=own.value,
            deadline=deadline,
            of="user",
        )
        return facebook_responses.access_token(answer)

    def number_health(self, phone_number_id: str, token: AccessToken, *, deadline: float) -> NumberHealth:
        """Return what Facebook says now about a phone number.

        https://developers.facebook.com/docs/whatsapp/cloud-api/health-status
        """
        answer = self._graph.repeat(
            "GET",
            phone_number_id,
            params={
                "fields": "id,display_phone_number,verified_name,status,platform_type,is_on_biz_app,health_status",
                "appsecret_proof": self._graph.proof(token),
            },
            bearer=token.value,
            deadline=deadline,
            of="user",
        )
        condition = facebook_responses.condition(answer)
        return NumberHealth(facebook_responses.phone_number(answer), condition.can_send, condition.problem_code)

    def send_message(
        self, phone_number_id: str, message: Mapping[str, Any], token: AccessToken, *, deadline: float
    ) -> str:
        """Send a WhatsApp message once, and return its ID. `message` has `to`, `type` and the content.

        https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-phone-number/message-api
        """
        answer = self._graph.call(
            "POST",
            f"{phone_number_id}/messages",
            params={"appsecret_proof": self._graph.proof(token)},
            json={"messaging_product": "whatsapp", "recipient_type": "individual", **message},
            bearer=token.value,
            deadline=deadline,
            of="user",
        )
        match answer.get("messages"):
            case [{"id": str(message_id)}, *_]:
                return message_id
        raise FacebookError("facebook-answer-unreadable")
