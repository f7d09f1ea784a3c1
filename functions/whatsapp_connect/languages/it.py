"""Italian.

Written by the project. Reviewed by a native speaker: no. Translated back by a second reader: yes.
"""

from whatsapp_connect.languages.language import Language

LANGUAGE = Language(
    tag="it",
    direction="ltr",
    date="{day} {month} {year}",
    months=(
        "gennaio",
        "febbraio",
        "marzo",
        "aprile",
        "maggio",
        "giugno",
        "luglio",
        "agosto",
        "settembre",
        "ottobre",
        "novembre",
        "dicembre",
    ),
    texts={
        # The page before a login.
        "start.title": "Colleghi il Suo account WhatsApp Business",
        "start.text": (
            "Questo servizio Le chiede di collegare il Suo account WhatsApp Business, affinché il servizio possa "
            "inviare e ricevere messaggi per Suo conto."
        ),
        "start.need": (
            "Le serve l’account Facebook con cui gestisce la Sua azienda. Nella pagina successiva, Facebook Le "
            "chiederà di accedere e di scegliere che cosa condividere. Ci vuole circa un minuto."
        ),
        "start.button": "Continua su Facebook",
        "start.cookies": (
            "Il Suo browser non ha inviato il cookie di questa pagina. Consenta i cookie oppure apra questa pagina "
            "in un altro browser. Poi riprovi."
        ),
        "reconnect.title": "Colleghi di nuovo WhatsApp",
        "reconnect.text": (
            "Il collegamento al Suo account WhatsApp Business richiede un nuovo accesso. Usi lo stesso account "
            "Facebook di prima."
        ),
        # The page before Embedded Signup.
        "signup.need": (
            "Le serve l’account Facebook con cui gestisce la Sua attività. Facebook Le chiede di accedere e di "
            "scegliere o aggiungere la Sua attività, il suo account WhatsApp e il suo numero di telefono. Bastano "
            "pochi minuti."
        ),
        "signup.phone": (
            "Per continuare a usare un numero nell’app WhatsApp Business, tenga a portata di mano il telefono con "
            "quell’app."
        ),
        "signup.open": (
            "Facebook è aperto in un’altra finestra. Concluda lì: poi questa pagina prosegue da sola. Se non vede "
            "quella finestra, prema di nuovo il pulsante."
        ),
        # Facts: a term, followed by its value.
        "fact.label": "Per",
        "fact.numbers": "Collegato",
        "fact.more-numbers": "Altri numeri di telefono",
        "fact.more-accounts": "Altri account",
        "fact.session": "ID di sessione di Facebook",
        "fact.until": "Scadenza",
        "fact.completed": "Completato",
        # At the end of a page.
        "foot.support": "Assistenza",
        "foot.privacy": "Informativa sulla privacy",
        "foot.terms": "Condizioni d’uso",
        "foot.reference": "Riferimento: {reference}",
        "foot.languages": "Lingue",
        # The other pages that are not an end of a login.
        "home.text": "Questo servizio collega gli account WhatsApp Business alle applicazioni che li usano.",
        "home.link": "Per collegare il Suo account, apra il link che ha ricevuto.",
        "home.button": "Collega un account",
        "not-found.title": "Questa pagina non esiste",
        "not-found.text": "Controlli l’indirizzo. Se ha ricevuto un link, lo apra di nuovo dal messaggio.",
        "finishing.title": "Ci siamo quasi",
        "finishing.text": "Il Suo collegamento è in fase di completamento. Controlli di nuovo tra pochi secondi.",
        "finishing.button": "Controlla ora",
        "deletion.title": "I Suoi dati sono stati eliminati",
        "deletion.text": (
            "Lei ha chiesto di eliminare i Suoi dati. Tutto ciò che questo servizio aveva salvato in relazione al Suo "
            "account Facebook personale, per esempio un collegamento a WhatsApp, è stato eliminato."
        ),
        "deletion.business": (
            "Un collegamento che appartiene a un’azienda non fa parte di questa richiesta. Per farlo eliminare, si "
            "rivolga al servizio a cui l’azienda si è collegata."
        ),
        "deletion.unknown.title": "Non conosciamo questo codice",
        "deletion.unknown.text": (
            "Controlli l’indirizzo oppure usi il link che Facebook mostra accanto alla Sua richiesta di "
            "eliminazione. I codici sono conservati per poco più di un anno."
        ),
        # A login that ended with a connection.
        "connected.title": "Il collegamento è attivo",
        "connected.text": "Il Suo account WhatsApp Business è collegato.",
        "connected.renewal": (
            "Se il collegamento non può essere rinnovato automaticamente, Le chiederemo di collegarsi di nuovo prima "
            "che termini."
        ),
        "connected.close": "Non deve fare altro. Può chiudere questa pagina.",
        "connected.never": "Non scade",
        "accounts-unknown.title": "L’accesso è riuscito",
        "accounts-unknown.text": (
            "L’accesso è stato salvato, ma Facebook non ci mostra ancora il Suo account WhatsApp Business. Lo "
            "chiederemo di nuovo automaticamente."
        ),
        "accounts-unknown.choose": "Se non ha scelto un account su Facebook, può sceglierne uno ora.",
        "accounts-unknown.ask": (
            "Se non ha scelto un account su Facebook, chieda un nuovo link a chi Le ha inviato questo."
        ),
        # The ends of a login without a connection: a title and a text for each text key in outcomes.OUTCOMES.
        "request-incomplete.title": "Ricominci da capo",
        "request-incomplete.text": (
            "Questo indirizzo non è completo, quindi non possiamo sapere a quale accesso appartiene. Non è stato "
            "modificato nulla."
        ),
        "state-refused.title": "Ricominci da capo",
        "state-refused.text": (
            "Questo accesso è molto vecchio, è già stato usato o è stato iniziato in un altro browser. Non è stato "
            "modificato nulla. Ricominciare richiede un minuto."
        ),
        "state-expired.title": "È passato troppo tempo",
        "state-expired.text": (
            "Il tempo per questo accesso è finito prima del Suo ritorno, quindi non è stato collegato nulla. Ciò "
            "che ha configurato su Facebook potrebbe essere salvato lì. Ricominciare è veloce."
        ),
        "cookie-missing.title": "Ricominci in questo browser",
        "cookie-missing.text": (
            "L’accesso è stato iniziato altrove, forse dentro un’altra app, oppure questo browser non salva i cookie. "
            "Non è stato modificato nulla. Ricominci qui e resti in questo browser fino alla fine."
        ),
        "login-interrupted.title": "Ricominci per sicurezza",
        "login-interrupted.text": (
            "Questo accesso è stato interrotto e non possiamo sapere se il collegamento è stato creato. "
            "Ricominciare è sicuro e richiede un minuto."
        ),
        "link-required.title": "Le serve un link personale",
        "link-required.text": "Apra il link che ha ricevuto per il collegamento, oppure ne chieda uno.",
        "link-refused.title": "Questo link non funziona più",
        "link-refused.text": (
            "È scaduto, è stato revocato o non è completo. Non è stato modificato nulla. Chieda un nuovo link a chi Le "
            "ha inviato questo."
        ),
        "link-used.title": "Questo link è già stato usato",
        "link-used.text": (
            "Se lo ha usato Lei, non deve fare altro e può chiudere questa pagina. Altrimenti, chieda un nuovo link a "
            "chi Le ha inviato questo."
        ),
        "declined.title": "Non collegato",
        "declined.text": (
            "Lei ha scelto di non continuare, quindi non è stato collegato né modificato nulla. Se invece ha accettato "
            "su Facebook, questo servizio potrebbe non essere ancora disponibile per il Suo account. Chieda a chi Le "
            "ha indicato questa pagina."
        ),
        "permission-missing.title": "Manca un’autorizzazione",
        "permission-missing.text": (
            "Per lavorare con il Suo account WhatsApp Business ci servono tutte le autorizzazioni dell’elenco di "
            "Facebook. Ne mancava almeno una, quindi non è stato collegato nulla. Può concederla ora."
        ),
        "no-account.title": "Nessun account WhatsApp è stato scelto",
        "no-account.text": (
            "L’accesso è riuscito, ma secondo Facebook Lei non ha condiviso un account WhatsApp Business, quindi "
            "non è stato collegato né modificato nulla. Può sceglierne uno ora. Se non ne ha nessuno, ne crei prima "
            "uno su Facebook."
        ),
        "connection-taken.title": "Usi un altro account",
        "connection-taken.text": (
            "Questo link è già stato usato da qualcuno che ha eseguito l’accesso con un altro account Facebook. Non "
            "è stato modificato nulla. Acceda con quell’account oppure chieda un nuovo link."
        ),
        "not-yours.title": "Usi un altro account",
        "not-yours.text": (
            "A questo indirizzo non c’è nulla da collegare di nuovo con l’account Facebook che ha usato. Non è stato "
            "modificato nulla. Acceda con l’account usato in precedenza per il collegamento, oppure chieda a chi Le ha "
            "inviato l’indirizzo."
        ),
        "signup-failed.title": "Facebook ha segnalato un errore",
        "signup-failed.text": (
            "Facebook ha interrotto la registrazione per un errore, quindi non è stato collegato nulla. Riprovi. Se "
            "succede due volte, ci comunichi il riferimento qui sotto e dia l’ID di sessione all’assistenza di "
            "Facebook."
        ),
        "signup-unanswered.title": "Ancora un passaggio",
        "signup-unanswered.text": (
            "Facebook non ha trasmesso la registrazione a questo servizio. Quello che ha configurato su Facebook "
            "potrebbe essere salvato lì. Continui su Facebook in questa finestra e scelga la stessa attività e lo "
            "stesso account WhatsApp."
        ),
        "code-refused.title": "Ricominci da capo",
        "code-refused.text": (
            "Facebook non accetta più questo accesso. Non è stato modificato nulla. Ricominciare richiede un minuto."
        ),
        "token-refused.title": "La risposta di Facebook non è utilizzabile",
        "token-refused.text": (
            "L’accesso a Facebook è riuscito, ma l’autorizzazione che abbiamo ricevuto non è utilizzabile, quindi non "
            "è stato collegato nulla. Riprovi. Se succede due volte, ci comunichi il riferimento qui sotto."
        ),
        "facebook-refused.title": "Facebook non è riuscito a completare l’operazione",
        "facebook-refused.text": (
            "Facebook ha dato una risposta che non abbiamo potuto usare. Non è stato modificato nulla. Riprovi tra "
            "qualche minuto. Se succede due volte, ci comunichi il riferimento qui sotto."
        ),
        "facebook-unavailable.title": "Facebook non risponde",
        "facebook-unavailable.text": (
            "Facebook è sovraccarico o non disponibile in questo momento. Non è stato modificato nulla. Riprovi tra "
            "qualche minuto."
        ),
        "setup-wrong.title": "L’errore è nostro",
        "setup-wrong.text": (
            "Il nostro collegamento a Facebook non è configurato correttamente, quindi non è stato modificato "
            "nulla. Ci comunichi il riferimento qui sotto. Riprovare non servirà finché non lo avremo corretto."
        ),
        "paused.title": "I collegamenti sono in pausa",
        "paused.text": (
            "Al momento nessuno può collegarsi. Non è stato modificato nulla e i collegamenti esistenti continuano a "
            "funzionare. Riprovi più tardi."
        ),
        "busy.title": "Un momento, per favore",
        "busy.text": (
            "Troppe persone si stanno collegando in questo momento. Non è andato perso nulla. Riprovi tra un minuto."
        ),
        "token-not-stored.title": "Ricominci da capo",
        "token-not-stored.text": (
            "Al momento siamo sovraccarichi e non abbiamo potuto salvare il collegamento. Non è stato modificato nulla "
            "e, se esisteva già un collegamento, continua a funzionare. Riprovi tra un minuto."
        ),
        "unexpected.title": "L’errore è nostro",
        "unexpected.text": (
            "Si è verificato un errore che non ci aspettavamo. Se esisteva già un collegamento, continua a funzionare. "
            "Riprovi. Se succede due volte, ci comunichi il riferimento qui sotto."
        ),
        # What to do next.
        "again.link": "Per ricominciare, apra ancora una volta il link che ha ricevuto.",
        "button.connect": "Ricomincia",
        "button.redirect": "Continua su Facebook",
        "button.rerequest": "Chiedimelo di nuovo",
        "button.choose": "Scegli un account",
        "button.other-account": "Usa un altro account",
        "button.reload": "Riprova",
        "button.reconnect": "Collega di nuovo",
        "button.return": "Torna al servizio",
    },
)
