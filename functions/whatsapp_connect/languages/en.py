"""English. The other files have the same keys and placeholders.

Written by the project. Reviewed by a native speaker: no.
"""

from whatsapp_connect.languages.language import Language

LANGUAGE = Language(
    tag="en",
    direction="ltr",
    date="{day} {month} {year}",
    months=(
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    texts={
        # The page before a login.
        "start.title": "Connect your WhatsApp Business account",
        "start.text": (
            "This service asks you to connect your WhatsApp Business account, so that it can send and receive messages "
            "for you."
        ),
        "start.need": (
            "You need the Facebook account with which you manage your business. On the next page, Facebook asks you to "
            "sign in and to choose what to share. It takes about a minute."
        ),
        "start.button": "Continue to Facebook",
        "start.cookies": (
            "Your browser did not send the cookie of this page. Allow cookies, or open this page in another browser. "
            "Then try again."
        ),
        "reconnect.title": "Connect WhatsApp again",
        "reconnect.text": (
            "The connection to your WhatsApp Business account needs a new sign-in. Use the same Facebook account as "
            "before."
        ),
        # The page before Embedded Signup.
        "signup.need": (
            "You need the Facebook account with which you manage your business. Facebook asks you to sign in, and "
            "to choose or add your business, its WhatsApp account and its phone number. It takes a few minutes."
        ),
        "signup.phone": "To keep using a number in the WhatsApp Business app, have the phone with that app at hand.",
        "signup.open": (
            "Facebook is open in another window. Finish there: this page then goes on by itself. If you see no "
            "such window, press the button again."
        ),
        # Facts: a term, followed by its value.
        "fact.label": "For",
        "fact.numbers": "Connected",
        "fact.more-numbers": "More phone numbers",
        "fact.more-accounts": "More accounts",
        "fact.session": "Facebook's session ID",
        "fact.until": "Until",
        "fact.completed": "Completed",
        # At the end of a page.
        "foot.support": "Help",
        "foot.privacy": "Privacy policy",
        "foot.terms": "Terms of use",
        "foot.reference": "Reference: {reference}",
        "foot.languages": "Languages",
        # The other pages that are not an end of a login.
        "home.text": "This service connects WhatsApp Business accounts to the applications that use them.",
        "home.link": "To connect your account, open the link that you received.",
        "home.button": "Connect an account",
        "not-found.title": "This page does not exist",
        "not-found.text": "Please check the address. If you received a link, open it again from the message.",
        "finishing.title": "Almost there",
        "finishing.text": "Your connection is being finished. Please check again in a few seconds.",
        "finishing.button": "Check now",
        "deletion.title": "Your data is deleted",
        "deletion.text": (
            "You asked for your data to be deleted. Everything that this service had stored under your own Facebook "
            "account, such as a connection to WhatsApp, is deleted."
        ),
        "deletion.business": (
            "A connection that belongs to a business is not part of this request. To have it deleted, ask the service "
            "that the business connected to."
        ),
        "deletion.unknown.title": "We do not know this code",
        "deletion.unknown.text": (
            "Please check the address, or use the link that Facebook shows beside your deletion request. Codes are kept "
            "for a little over a year."
        ),
        # A login that ended with a connection.
        "connected.title": "You are connected",
        "connected.text": "Your WhatsApp Business account is connected.",
        "connected.renewal": "If the connection cannot be renewed by itself, you will be asked to connect again before it ends.",
        "connected.close": "There is nothing else to do. You can close this page.",
        "connected.never": "It does not expire",
        "accounts-unknown.title": "You are signed in",
        "accounts-unknown.text": (
            "The sign-in is stored, but Facebook does not show us your WhatsApp Business account yet. We will ask again "
            "automatically."
        ),
        "accounts-unknown.choose": "If you did not choose an account at Facebook, you can choose one now.",
        "accounts-unknown.ask": (
            "If you did not choose an account at Facebook, ask the people who sent you the link for a new one."
        ),
        # The ends of a login without a connection: a title and a text for each text key in outcomes.OUTCOMES.
        "request-incomplete.title": "Please start again",
        "request-incomplete.text": (
            "This address is not complete, so we cannot tell which sign-in it belongs to. Nothing was changed."
        ),
        "state-refused.title": "Please start again",
        "state-refused.text": (
            "This sign-in is very old, was already used, or was started in another browser. Nothing was changed. Starting "
            "again takes a minute."
        ),
        "state-expired.title": "This took too long",
        "state-expired.text": (
            "The time for this sign-in was over before you came back, so nothing was connected. What you set up at "
            "Facebook may be saved there. Starting again is quick."
        ),
        "cookie-missing.title": "Please start again in this browser",
        "cookie-missing.text": (
            "The sign-in was started somewhere else, perhaps inside another app, or this browser does not store cookies. "
            "Nothing was changed. Start again here, and stay in this browser until it is done."
        ),
        "login-interrupted.title": "Please start again to make sure",
        "login-interrupted.text": (
            "This sign-in was interrupted, and we cannot tell whether the connection was made. Starting again is safe and "
            "takes a minute."
        ),
        "link-required.title": "You need a link of your own",
        "link-required.text": "Please open the connect link that you received, or ask for one.",
        "link-refused.title": "This link no longer works",
        "link-refused.text": (
            "It has expired, was revoked, or is not complete. Nothing was changed. Please ask the people who sent it to you "
            "for a new one."
        ),
        "link-used.title": "This link was already used",
        "link-used.text": (
            "If you used it yourself, there is nothing else to do and you can close this page. Otherwise, ask the people "
            "who sent it to you for a new one."
        ),
        "declined.title": "Not connected",
        "declined.text": (
            "You chose not to continue, so nothing was connected and nothing was changed. If you did agree at Facebook, "
            "this service may not be open to your account yet. Ask the people who sent you here."
        ),
        "permission-missing.title": "One permission is missing",
        "permission-missing.text": (
            "To work with your WhatsApp Business account, we need every permission on Facebook's list. At least one was "
            "left out, so nothing was connected. You can allow it now."
        ),
        "no-account.title": "No WhatsApp account was chosen",
        "no-account.text": (
            "You signed in, but Facebook says that you have not shared a WhatsApp Business account, so nothing was "
            "connected and nothing was changed. You can choose one now. If you have none, create one at Facebook first."
        ),
        "connection-taken.title": "Please use another account",
        "connection-taken.text": (
            "This link was used before by somebody who signed in with a different Facebook account. Nothing was changed. "
            "Sign in with that account, or ask for a new link."
        ),
        "not-yours.title": "Please use another account",
        "not-yours.text": (
            "With the Facebook account that you used, there is nothing to connect again at this address. Nothing was "
            "changed. Sign in with the account that connected before, or ask the people who sent you the address."
        ),
        "signup-failed.title": "Facebook reported an error",
        "signup-failed.text": (
            "Facebook ended the sign-up with an error, so nothing was connected. Please try again. If it happens "
            "twice, tell us the reference below, and Facebook's support the session ID."
        ),
        "signup-unanswered.title": "One more step",
        "signup-unanswered.text": (
            "Facebook did not hand the sign-up over to this service. What you set up at Facebook may be saved there. "
            "Continue at Facebook in this window, and choose the same business and the same WhatsApp account."
        ),
        "code-refused.title": "Please start again",
        "code-refused.text": (
            "Facebook no longer accepts this sign-in. Nothing was changed. Starting again takes a minute."
        ),
        "token-refused.title": "Facebook's answer cannot be used",
        "token-refused.text": (
            "Facebook signed you in, but the access that it gave us cannot be used, so nothing was connected. Please try "
            "again. If it happens twice, tell us the reference below."
        ),
        "facebook-refused.title": "Facebook could not finish this",
        "facebook-refused.text": (
            "Facebook gave an answer that we could not use. Nothing was changed. Please try again in a few minutes. If it "
            "happens twice, tell us the reference below."
        ),
        "facebook-unavailable.title": "Facebook is not answering",
        "facebook-unavailable.text": (
            "Facebook is busy or not available right now. Nothing was changed. Please try again in a few minutes."
        ),
        "setup-wrong.title": "This is our mistake",
        "setup-wrong.text": (
            "Our connection to Facebook is not set up correctly, so nothing was changed. Please tell us the reference "
            "below. Trying again will not help until we fix it."
        ),
        "paused.title": "Connecting is paused",
        "paused.text": (
            "Nobody can connect at the moment. Nothing was changed, and existing connections keep working. Please try "
            "again later."
        ),
        "busy.title": "One moment, please",
        "busy.text": ("Too many people are connecting right now. Nothing was lost. Please try again in a minute."),
        "token-not-stored.title": "Please start again",
        "token-not-stored.text": (
            "We are very busy right now and could not store the connection. Nothing was changed, and an earlier "
            "connection keeps working. Please try again in a minute."
        ),
        "unexpected.title": "This is our mistake",
        "unexpected.text": (
            "Something went wrong that we did not expect. An earlier connection keeps working. Please try again. If it "
            "happens twice, tell us the reference below."
        ),
        # What to do next.
        "again.link": "To start again, open the link that you received once more.",
        "button.connect": "Start again",
        "button.redirect": "Continue to Facebook",
        "button.rerequest": "Ask me again",
        "button.choose": "Choose an account",
        "button.other-account": "Use another account",
        "button.reload": "Try again",
        "button.reconnect": "Connect again",
        "button.return": "Go back to the service",
    },
)
