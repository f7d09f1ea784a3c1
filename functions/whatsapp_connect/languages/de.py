"""German.

Written by the project. Reviewed by a native speaker: no. Translated back by a second reader: yes.
"""

from whatsapp_connect.languages.language import Language

LANGUAGE = Language(
    tag="de",
    direction="ltr",
    date="{day}. {month} {year}",
    months=(
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ),
    texts={
        # The page before a login.
        "start.title": "WhatsApp Business-Konto verbinden",
        "start.text": (
            "Dieser Dienst bittet Sie, Ihr WhatsApp Business-Konto zu verbinden, damit er für Sie Nachrichten "
            "senden und empfangen kann."
        ),
        "start.need": (
            "Sie brauchen das Facebook-Konto, mit dem Sie Ihr Unternehmen verwalten. Auf der nächsten Seite bittet "
            "Facebook Sie, sich anzumelden und auszuwählen, was Sie freigeben möchten. Das dauert etwa eine Minute."
        ),
        "start.button": "Weiter zu Facebook",
        "start.cookies": (
            "Ihr Browser hat das Cookie dieser Seite nicht gesendet. Erlauben Sie Cookies, oder öffnen Sie diese "
            "Seite in einem anderen Browser. Versuchen Sie es dann noch einmal."
        ),
        "reconnect.title": "WhatsApp erneut verbinden",
        "reconnect.text": (
            "Für die Verbindung zu Ihrem WhatsApp Business-Konto ist eine neue Anmeldung nötig. Verwenden Sie "
            "dasselbe Facebook-Konto wie zuvor."
        ),
        # The page before Embedded Signup.
        "signup.need": (
            "Sie brauchen das Facebook-Konto, mit dem Sie Ihr Unternehmen verwalten. Facebook bittet Sie, sich "
            "anzumelden und Ihr Unternehmen, sein WhatsApp-Konto und seine Telefonnummer auszuwählen oder "
            "anzulegen. Das dauert einige Minuten."
        ),
        "signup.phone": (
            "Wenn Sie eine Nummer weiter in der WhatsApp Business App benutzen möchten, halten Sie das Telefon "
            "mit dieser App bereit."
        ),
        "signup.open": (
            "Facebook ist in einem anderen Fenster geöffnet. Schließen Sie den Vorgang dort ab: Diese Seite geht "
            "dann von selbst weiter. Wenn Sie kein solches Fenster sehen, drücken Sie die Schaltfläche noch "
            "einmal."
        ),
        # Facts: a term, followed by its value.
        "fact.label": "Für",
        "fact.numbers": "Verbunden",
        "fact.more-numbers": "Weitere Telefonnummern",
        "fact.more-accounts": "Weitere Konten",
        "fact.session": "Sitzungs-ID von Facebook",
        "fact.until": "Ablaufdatum",
        "fact.completed": "Erledigt am",
        # At the end of a page.
        "foot.support": "Hilfe",
        "foot.privacy": "Datenschutzerklärung",
        "foot.terms": "Nutzungsbedingungen",
        "foot.reference": "Referenz: {reference}",
        "foot.languages": "Sprachen",
        # The other pages that are not an end of a login.
        "home.text": "Dieser Dienst verbindet WhatsApp Business-Konten mit den Anwendungen, die sie nutzen.",
        "home.link": "Um Ihr Konto zu verbinden, öffnen Sie den Link, den Sie erhalten haben.",
        "home.button": "Konto verbinden",
        "not-found.title": "Diese Seite gibt es nicht",
        "not-found.text": (
            "Bitte prüfen Sie die Adresse. Wenn Sie einen Link erhalten haben, öffnen Sie ihn noch einmal aus der "
            "Nachricht."
        ),
        "finishing.title": "Fast fertig",
        "finishing.text": (
            "Ihre Verbindung wird gerade fertiggestellt. Bitte sehen Sie in einigen Sekunden noch einmal nach."
        ),
        "finishing.button": "Jetzt nachsehen",
        "deletion.title": "Ihre Daten wurden gelöscht",
        "deletion.text": (
            "Sie haben um die Löschung Ihrer Daten gebeten. Alles, was dieser Dienst unter Ihrem eigenen "
            "Facebook-Konto gespeichert hatte, zum Beispiel eine Verbindung zu WhatsApp, wurde gelöscht."
        ),
        "deletion.business": (
            "Eine Verbindung, die zu einem Unternehmen gehört, ist nicht Teil dieser Anfrage. Um sie löschen zu "
            "lassen, wenden Sie sich an den Dienst, mit dem das Unternehmen verbunden ist."
        ),
        "deletion.unknown.title": "Wir kennen diesen Code nicht",
        "deletion.unknown.text": (
            "Bitte prüfen Sie die Adresse, oder nutzen Sie den Link, den Facebook neben Ihrer Löschanfrage anzeigt. "
            "Codes werden etwas länger als ein Jahr aufbewahrt."
        ),
        # A login that ended with a connection.
        "connected.title": "Sie sind verbunden",
        "connected.text": "Ihr WhatsApp Business-Konto ist verbunden.",
        "connected.renewal": (
            "Wenn sich die Verbindung nicht von selbst erneuern lässt, bitten wir Sie, sich erneut zu verbinden, bevor "
            "die Verbindung endet."
        ),
        "connected.close": "Sie müssen nichts weiter tun. Sie können diese Seite schließen.",
        "connected.never": "Läuft nicht ab",
        "accounts-unknown.title": "Sie sind angemeldet",
        "accounts-unknown.text": (
            "Die Anmeldung ist gespeichert, aber Facebook zeigt uns Ihr WhatsApp Business-Konto noch nicht. Wir "
            "fragen automatisch noch einmal nach."
        ),
        "accounts-unknown.choose": "Wenn Sie bei Facebook kein Konto ausgewählt haben, können Sie das jetzt tun.",
        "accounts-unknown.ask": (
            "Wenn Sie bei Facebook kein Konto ausgewählt haben, bitten Sie die Personen, die Ihnen den Link geschickt "
            "haben, um einen neuen."
        ),
        # The ends of a login without a connection: a title and a text for each text key in outcomes.OUTCOMES.
        "request-incomplete.title": "Bitte beginnen Sie noch einmal",
        "request-incomplete.text": (
            "Diese Adresse ist nicht vollständig, deshalb können wir nicht erkennen, zu welcher Anmeldung sie "
            "gehört. Es wurde nichts geändert."
        ),
        "state-refused.title": "Bitte beginnen Sie noch einmal",
        "state-refused.text": (
            "Diese Anmeldung ist sehr alt, wurde schon benutzt oder in einem anderen Browser begonnen. Es wurde "
            "nichts geändert. Noch einmal zu beginnen dauert eine Minute."
        ),
        "state-expired.title": "Das hat zu lange gedauert",
        "state-expired.text": (
            "Die Zeit für diese Anmeldung war vorbei, bevor Sie zurückkamen, deshalb wurde nichts verbunden. Was "
            "Sie bei Facebook eingerichtet haben, ist dort vielleicht gespeichert. Noch einmal zu beginnen geht "
            "schnell."
        ),
        "cookie-missing.title": "Bitte in diesem Browser noch einmal beginnen",
        "cookie-missing.text": (
            "Die Anmeldung wurde woanders begonnen, vielleicht in einer anderen App, oder dieser Browser speichert "
            "keine Cookies. Es wurde nichts geändert. Beginnen Sie hier noch einmal, und bleiben Sie bis zum Ende "
            "in diesem Browser."
        ),
        "login-interrupted.title": "Bitte zur Sicherheit noch einmal beginnen",
        "login-interrupted.text": (
            "Diese Anmeldung wurde unterbrochen, und wir können nicht erkennen, ob die Verbindung zustande kam. "
            "Noch einmal zu beginnen ist sicher und dauert eine Minute."
        ),
        "link-required.title": "Sie brauchen einen eigenen Link",
        "link-required.text": (
            "Bitte öffnen Sie den Verbindungslink, den Sie erhalten haben, oder bitten Sie um einen."
        ),
        "link-refused.title": "Dieser Link funktioniert nicht mehr",
        "link-refused.text": (
            "Er ist abgelaufen, wurde zurückgezogen oder ist nicht vollständig. Es wurde nichts geändert. Bitten Sie "
            "die Personen, die Ihnen den Link geschickt haben, um einen neuen."
        ),
        "link-used.title": "Dieser Link wurde schon benutzt",
        "link-used.text": (
            "Wenn Sie ihn selbst benutzt haben, müssen Sie nichts weiter tun und können diese Seite schließen. "
            "Andernfalls bitten Sie die Personen, die Ihnen den Link geschickt haben, um einen neuen."
        ),
        "declined.title": "Nicht verbunden",
        "declined.text": (
            "Sie haben sich entschieden, nicht fortzufahren, deshalb wurde nichts verbunden und nichts geändert. Wenn "
            "Sie bei Facebook doch zugestimmt haben, ist dieser Dienst für Ihr Konto vielleicht noch nicht "
            "freigegeben. Fragen Sie die Personen, die Sie hierher geschickt haben."
        ),
        "permission-missing.title": "Eine Berechtigung fehlt",
        "permission-missing.text": (
            "Um mit Ihrem WhatsApp Business-Konto zu arbeiten, brauchen wir alle Berechtigungen, die Facebook "
            "auflistet. Mindestens eine wurde nicht erteilt, deshalb wurde nichts verbunden. Sie können sie jetzt "
            "erteilen."
        ),
        "no-account.title": "Kein WhatsApp-Konto ausgewählt",
        "no-account.text": (
            "Sie haben sich angemeldet, aber laut Facebook haben Sie kein WhatsApp Business-Konto freigegeben, "
            "deshalb wurde nichts verbunden und nichts geändert. Sie können jetzt eines auswählen. Wenn Sie keines "
            "haben, legen Sie zuerst bei Facebook eines an."
        ),
        "connection-taken.title": "Bitte verwenden Sie ein anderes Konto",
        "connection-taken.text": (
            "Diesen Link hat schon jemand benutzt, der sich mit einem anderen Facebook-Konto angemeldet hat. Es wurde "
            "nichts geändert. Melden Sie sich mit dem früheren Konto an, oder bitten Sie um einen neuen Link."
        ),
        "not-yours.title": "Bitte verwenden Sie ein anderes Konto",
        "not-yours.text": (
            "Mit dem Facebook-Konto, das Sie verwendet haben, lässt sich unter dieser Adresse nichts erneut verbinden. "
            "Es wurde nichts geändert. Melden Sie sich mit dem Konto an, mit dem die Verbindung hergestellt wurde, "
            "oder fragen Sie die Personen, die Ihnen die Adresse geschickt haben."
        ),
        "signup-failed.title": "Facebook hat einen Fehler gemeldet",
        "signup-failed.text": (
            "Facebook hat die Registrierung mit einem Fehler beendet, daher wurde nichts verbunden. Bitte versuchen "
            "Sie es noch einmal. Wenn das zweimal passiert, nennen Sie uns die Referenz unten und dem Support von "
            "Facebook die Sitzungs-ID."
        ),
        "signup-unanswered.title": "Noch ein Schritt",
        "signup-unanswered.text": (
            "Facebook hat die Registrierung nicht an diesen Dienst übergeben. Was Sie bei Facebook eingerichtet "
            "haben, ist dort möglicherweise gespeichert. Fahren Sie in diesem Fenster bei Facebook fort und wählen "
            "Sie dasselbe Unternehmen und dasselbe WhatsApp-Konto."
        ),
        "code-refused.title": "Bitte beginnen Sie noch einmal",
        "code-refused.text": (
            "Facebook akzeptiert diese Anmeldung nicht mehr. Es wurde nichts geändert. Noch einmal zu beginnen "
            "dauert eine Minute."
        ),
        "token-refused.title": "Die Antwort von Facebook ist nicht nutzbar",
        "token-refused.text": (
            "Facebook hat Sie angemeldet, aber der Zugriff, den wir erhalten haben, ist nicht nutzbar, deshalb wurde "
            "nichts verbunden. Bitte versuchen Sie es noch einmal. Wenn es zweimal passiert, nennen Sie uns die "
            "Referenz unten."
        ),
        "facebook-refused.title": "Facebook konnte das nicht abschließen",
        "facebook-refused.text": (
            "Facebook hat eine Antwort gegeben, die wir nicht nutzen konnten. Es wurde nichts geändert. Bitte "
            "versuchen Sie es in einigen Minuten noch einmal. Wenn es zweimal passiert, nennen Sie uns die Referenz "
            "unten."
        ),
        "facebook-unavailable.title": "Facebook antwortet nicht",
        "facebook-unavailable.text": (
            "Facebook ist gerade ausgelastet oder nicht erreichbar. Es wurde nichts geändert. Bitte versuchen Sie "
            "es in einigen Minuten noch einmal."
        ),
        "setup-wrong.title": "Das ist unser Fehler",
        "setup-wrong.text": (
            "Unsere Verbindung zu Facebook ist nicht richtig eingerichtet, deshalb wurde nichts geändert. Bitte "
            "nennen Sie uns die Referenz unten. Ein neuer Versuch hilft erst, wenn wir das behoben haben."
        ),
        "paused.title": "Verbinden ist gerade angehalten",
        "paused.text": (
            "Zurzeit kann niemand ein Konto verbinden. Es wurde nichts geändert, und bestehende Verbindungen "
            "funktionieren weiter. Bitte versuchen Sie es später noch einmal."
        ),
        "busy.title": "Einen Moment, bitte",
        "busy.text": (
            "Gerade verbinden sich zu viele Personen. Es ging nichts verloren. Bitte versuchen Sie es in einer "
            "Minute noch einmal."
        ),
        "token-not-stored.title": "Bitte beginnen Sie noch einmal",
        "token-not-stored.text": (
            "Wir sind gerade stark ausgelastet und konnten die Verbindung nicht speichern. Es wurde nichts "
            "geändert, und eine frühere Verbindung funktioniert weiter. Bitte versuchen Sie es in einer Minute noch "
            "einmal."
        ),
        "unexpected.title": "Das ist unser Fehler",
        "unexpected.text": (
            "Etwas ist schiefgegangen, womit wir nicht gerechnet haben. Eine frühere Verbindung funktioniert weiter. "
            "Bitte versuchen Sie es noch einmal. Wenn es zweimal passiert, nennen Sie uns die Referenz unten."
        ),
        # What to do next.
        "again.link": "Um noch einmal zu beginnen, öffnen Sie den Link, den Sie erhalten haben, erneut.",
        "button.connect": "Noch einmal beginnen",
        "button.redirect": "Weiter zu Facebook",
        "button.rerequest": "Mich noch einmal fragen",
        "button.choose": "Konto auswählen",
        "button.other-account": "Anderes Konto verwenden",
        "button.reload": "Noch einmal versuchen",
        "button.reconnect": "Erneut verbinden",
        "button.return": "Zurück zum Dienst",
    },
)
