"""Write the table of reasons: docs/reasons.md for people and docs/reasons.json for programs."""

import json
from typing import NamedTuple

from local.place import ROOT
from whatsapp_connect.languages.en import LANGUAGE
from whatsapp_connect.outcomes import OUTCOMES, return_status

PAGE = ROOT / "docs" / "reasons.md"
DATA = ROOT / "docs" / "reasons.json"


class Advice(NamedTuple):
    meaning: str
    to_do: str
    """For operators."""


ADVICE = {
    "connected": Advice(
        "The token is stored. Readers have it at once, or within minutes if Parameter Store is busy.",
        "Nothing.",
    ),
    "accounts-unknown": Advice(
        "The token is stored, but Facebook does not show the account. Checks ask again every day.",
        "If you know the account: `whatsapp-connect connections accounts ID --add WABA_ID`.",
    ),
    "request-malformed": Advice(
        "A parameter was repeated, or too long; or the form of Embedded Signup came from another site, then "
        "`sec_fetch_site` is in the log line.",
        "Nothing.",
    ),
    "empty-callback": Advice(
        "`/callback` without any parameter. Some of Facebook's error pages lead people back this way.",
        "If there are many: open the connect link yourself and read Facebook's page.",
    ),
    "state-missing": Advice(
        "The callback has no state. `facebook_code` is in the log line if Facebook sent one.",
        "1349168: see `redirect-uri-refused`.",
    ),
    "state-malformed": Advice(
        "The state does not have our format.",
        "Nothing: somebody is probing.",
    ),
    "state-unknown": Advice(
        "The state was never issued, or it expired more than a day ago and has been deleted.",
        "Nothing.",
    ),
    "state-expired": Advice(
        "The person took longer than `LoginMinutes`. The page says that what they set up at Facebook may be "
        "saved there.",
        "If there are many: deploy with a larger `LoginMinutes`.",
    ),
    "state-foreign": Advice(
        "The login was started in another browser.",
        "Many of them can be an attempt to make people finish somebody else's login. The attempt failed.",
    ),
    "cookie-missing": Advice(
        "The browser sent no cookie for this login. The login was started in another app, or cookies are off.",
        "If there are many: look for a proxy in front of the stack that drops cookies.",
    ),
    "login-interrupted": Advice(
        "The state was already consumed, but the login has no outcome: the function was cut off.",
        "Look for timeouts of CallbackFunction at that time.",
    ),
    "link-required": Advice(
        "`GET /connect` while `PublicConnect` is disabled, or `GET /reconnect/` while `Reconnect` is disabled.",
        "Send each person a link.",
    ),
    "link-unknown": Advice(
        "The link does not exist, or its address is not complete.",
        "Send the whole link again, or a new one: `whatsapp-connect links create`.",
    ),
    "link-expired": Advice(
        "The link's lifetime is over.",
        "Send a new one: `whatsapp-connect links create`.",
    ),
    "link-used": Advice(
        "The link has no use left. The page leads the person who used it to the connection's own address.",
        "If the person has not connected: send a new one: `whatsapp-connect links create`.",
    ),
    "link-revoked": Advice(
        "An operator revoked the link.",
        "Send a new one: `whatsapp-connect links create`.",
    ),
    "declined": Advice(
        "The person pressed Cancel. Facebook sends the same answer if the app is in development mode, or if "
        "it cannot grant the configuration.",
        "If there are many: switch the app to Live, and check the access level of each permission.",
    ),
    "permission-missing": Advice(
        "The person unticked a required permission, or Facebook did not grant it. The log names it in "
        "`missing_scopes`.",
        "If there are many: check App Review and the Login for Business configuration.",
    ),
    "no-account": Advice(
        "Facebook proves that the person has shared no WhatsApp Business account. Nothing is stored, the "
        "link is not spent, and an earlier connection is checked.",
        "Nothing. The page offers to choose an account. If you know the account: `whatsapp-connect links "
        "create ID --account WABA_ID`.",
    ),
    "connection-taken": Advice(
        "The connection belongs to another Facebook user, or a link names a connection like another user's ID.",
        "Ask which account the person meant. To give the connection to the new account: `whatsapp-connect "
        "links create ID --any-user`.",
    ),
    "not-yours": Advice(
        "At the address for connecting again, the person signed in with a Facebook account that does not own "
        "the connection. `connection` in the log line tells whether it is `unknown`, `forgotten` or "
        "`of-another-owner`. Nothing is stored.",
        "If the person is right: send a link: `whatsapp-connect links create ID`. It is enough if a business's token for the same "
        "account replaces a person's. To give the connection to another account, add `--any-user`.",
    ),
    "signup-failed": Advice(
        "Embedded Signup ended with an error in its window. The log line has `signup_error` and `session_id`, and the page "
        "shows the session ID.",
        "Look the number up in Meta's reference. Meta's support asks for the session ID.",
    ),
    "signup-unanswered": Advice(
        "Embedded Signup ended in its window without a code, although the person did not cancel it. The page leads on by "
        "redirect.",
        "If the person does not come back and `claimed_waba_id` is in the log line: "
        "[complete it](recovery.md#complete-a-sign-up-whose-code-was-lost).",
    ),
    "code-missing": Advice(
        "Facebook sent a state, but neither a code nor an error.",
        "Nothing, if rare.",
    ),
    "code-used": Advice(
        "The code was used before.",
        "Nothing, if rare.",
    ),
    "code-expired": Advice(
        "The code is older than ten minutes.",
        "Nothing, if rare.",
    ),
    "code-rejected": Advice(
        "Facebook does not accept the code.",
        "Nothing, if rare. Many of them can be somebody who makes codes up.",
    ),
    "token-invalid": Advice(
        "Facebook's debugger calls the new token invalid. If it named no cause, it was asked twice.",
        "Nothing, if rare; `facebook_subcode` says why.",
    ),
    "token-of-another-app": Advice(
        "The token is not this app's.",
        "Compare `MetaAppId` with the app in Meta's dashboard.",
    ),
    "token-kind-unsupported": Advice(
        "Neither a user's nor a system user's token.",
        "Check the Login for Business configuration.",
    ),
    "token-without-user": Advice(
        "The token has no user.",
        "Check the Login for Business configuration.",
    ),
    "token-short-lived": Advice(
        "The token lives less than seven days, even after Facebook was asked to extend it.",
        "Check the app's settings and status in Meta's dashboard.",
    ),
    "token-too-long": Advice(
        "The token has more than 4,096 bytes, the most that KMS encrypts.",
        "Report it: nobody has seen one.",
    ),
    "facebook-refused": Advice(
        "Facebook refused; `facebook_code` and `facebook_subcode` say why.",
        "Look the code up in Meta's error reference.",
    ),
    "facebook-answer-unreadable": Advice(
        "The answer was not JSON, was too long, or differed from Meta's reference.",
        "Nothing, if rare.",
    ),
    "facebook-policy-block": Advice(
        "Facebook blocks the action for policy reasons (368).",
        "See the alerts in Meta's dashboard.",
    ),
    "facebook-unavailable": Advice(
        "Facebook was down, slow, or gave an unclear answer.",
        "Nothing, if rare: https://metastatus.com.",
    ),
    "facebook-throttled": Advice(
        "The app used up its Graph API quota.",
        "See the app's rate limits in Meta's dashboard.",
    ),
    "facebook-login-unavailable": Advice(
        "Facebook has switched Facebook Login off for this app.",
        "See the alerts in Meta's dashboard. The cause is often an overdue Data Use Checkup.",
    ),
    "app-secret-missing": Advice(
        "`{ParameterPrefix}/app-secret` is missing in Parameter Store, or empty.",
        "Store it: `whatsapp-connect doctor` prints the command.",
    ),
    "app-secret-malformed": Advice(
        "`{ParameterPrefix}/app-secret` contains no Meta app secret, which is 32 hexadecimal digits. "
        "`ignored` in the log line describes what each line contains, without quoting it.",
        "Store only the secret: `whatsapp-connect doctor` prints the command.",
    ),
    "app-secret-wrong": Advice(
        "Facebook does not accept the app secret.",
        "Store the current one.",
    ),
    "app-id-wrong": Advice(
        "Facebook does not know the app.",
        "Correct `MetaAppId`.",
    ),
    "app-blocked": Advice(
        "Facebook does not let the app call the API.",
        "See the alerts in Meta's dashboard.",
    ),
    "server-not-allowed": Advice(
        "The app has a Server IP Allowlist, and functions have no fixed address.",
        "Empty the list: Meta's dashboard, App settings, Advanced.",
    ),
    "redirect-uri-refused": Advice(
        "The callback URL is not exactly one of the app's Valid OAuth Redirect URIs.",
        "Paste the output `CallbackUrl` there.",
    ),
    "domain-not-allowed": Advice(
        "The domain is not among the app's domains.",
        "Add it under App domains.",
    ),
    "app-in-development": Advice(
        "The app is in development mode and the person has no role on it.",
        "Switch the app to Live.",
    ),
    "tester-invite-pending": Advice(
        "The person has not yet accepted a tester's invitation.",
        "Ask the person to accept it.",
    ),
    "logins-paused": Advice(
        "An operator has paused all logins. No state was used up, so the person can reload the page afterwards.",
        "When the incident is over: `whatsapp-connect resume`.",
    ),
    "aws-busy": Advice(
        "AWS was busy before the state was consumed. The person can reload.",
        "See `token-not-stored`.",
    ),
    "too-many-failures": Advice(
        "More than 30 logins of the same kind failed in this minute: by one link, at the public connect "
        "link, or at the addresses for connecting again. Facebook was not asked. The person can reload the "
        "page after a minute.",
        "If it goes on: revoke the link, or set `PublicConnect` or `Reconnect` to disabled for a while.",
    ),
    "token-not-stored": Advice(
        "AWS was busy after the code was used: DynamoDB or KMS refused or did not answer until the login's "
        "time was over. Nothing was stored, and an earlier token still works. The person can start again.",
        "See `aws_error` and `aws_operation` in the log line. If there are many: look for throttled tables "
        "or a disabled key.",
    ),
    "unexpected": Advice(
        "The code has a bug, or AWS refused a call.",
        "The log line has the kind and the place: `exception`, `aws_error`, `aws_operation`, `at`.",
    ),
}
_STORED = {"connected": "Connected or Reconnected", "accounts-unknown": "Connected or Reconnected"}
"""The events that follow. A login that ends without a connection sends none."""
_UNPROVEN = frozenset(
    {
        *("request-malformed", "empty-callback", "state-missing", "state-malformed", "state-unknown", "state-expired"),
        *("state-foreign", "cookie-missing", "login-interrupted", "link-required", "logins-paused"),
        *("aws-busy", "too-many-failures"),
    }
)
"""Ends before the login is proven to be this browser's, so that nothing is said about where it came from."""
_INTRODUCTION = """# Reasons

Every login ends for one reason. The reason is in the log line `login ended` or `login not started`, in the metrics `LoginEnded`
and `LoginNotStarted`, and in the [return URL](links.md). [Operations](operations.md) explains how to find one login.
[reasons.json](reasons.json) has the same table for programs.

`status` is that of the HTTP response, `page` the English title, and `return` the status with which the browser goes back to the
service that sent the person. An end whose login cannot be proven has no return: it shows our page.

This page is made from the code by `.venv/dev/bin/python -m local reasons`.

| reason | status | page | return | event | meaning | what to do |
| --- | --- | --- | --- | --- | --- | --- |
"""


def rows() -> list[dict[str, str | int]]:
    """Return the table, one dict for each reason."""
    found: list[dict[str, str | int]] = []
    for reason, advice in ADVICE.items():
        outcome = OUTCOMES.get(reason)
        found.append(
            {
                "reason": reason,
                "status": outcome.status if outcome else 200,
                "page": LANGUAGE.texts[f"{outcome.text if outcome else reason}.title"],
                "return": return_status(reason) if reason not in _UNPROVEN else "",
                "event": _STORED.get(reason, ""),
                "meaning": advice.meaning,
                "to_do": advice.to_do,
            }
        )
    return found


def as_page() -> str:
    lines = [
        f"| `{row['reason']}` | {row['status']} | {row['page']} | {row['return'] or '-'} | {row['event'] or '-'} "
        f"| {row['meaning']} | {row['to_do']} |\n"
        for row in rows()
    ]
    return _INTRODUCTION + "".join(lines)


def as_data() -> str:
    return json.dumps(rows(), indent=2) + "\n"


def write() -> None:
    PAGE.write_text(as_page())
    DATA.write_text(as_data())
