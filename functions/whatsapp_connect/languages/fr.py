"""French.

Written by the project. Reviewed by a native speaker: no. Translated back by a second reader: yes.
"""

from whatsapp_connect.languages.language import Language

LANGUAGE = Language(
    tag="fr",
    direction="ltr",
    date="{day} {month} {year}",
    months=(
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ),
    texts={
        # The page before a login.
        "start.title": "Connectez votre compte WhatsApp Business",
        "start.text": (
            "Ce service vous demande de connecter votre compte WhatsApp Business, afin qu’il puisse envoyer et "
            "recevoir des messages en votre nom."
        ),
        "start.need": (
            "Vous avez besoin du compte Facebook avec lequel vous gérez votre entreprise. Sur la page suivante, "
            "Facebook vous demandera de vous identifier et de choisir ce que vous voulez partager. Cela prend environ "
            "une minute."
        ),
        "start.button": "Continuer vers Facebook",
        "start.cookies": (
            "Votre navigateur n’a pas envoyé le cookie de cette page. Autorisez les cookies ou ouvrez cette page dans "
            "un autre navigateur. Ensuite, réessayez."
        ),
        "reconnect.title": "Reconnectez WhatsApp",
        "reconnect.text": (
            "La connexion à votre compte WhatsApp Business nécessite une nouvelle identification. Utilisez le même "
            "compte Facebook que précédemment."
        ),
        # The page before Embedded Signup.
        "signup.need": (
            "Vous avez besoin du compte Facebook avec lequel vous gérez votre entreprise. Facebook vous demande "
            "de vous connecter, puis de choisir ou d’ajouter votre entreprise, son compte WhatsApp et son numéro "
            "de téléphone. Cela prend quelques minutes."
        ),
        "signup.phone": (
            "Pour continuer à utiliser un numéro dans l’application WhatsApp Business, gardez à portée de main le "
            "téléphone qui a cette application."
        ),
        "signup.open": (
            "Facebook est ouvert dans une autre fenêtre. Terminez-y : cette page continue ensuite toute seule. Si "
            "vous ne voyez pas cette fenêtre, appuyez de nouveau sur le bouton."
        ),
        # Facts: a term, followed by its value.
        "fact.label": "Pour",
        "fact.numbers": "Connecté",
        "fact.more-numbers": "Autres numéros de téléphone",
        "fact.more-accounts": "Autres comptes",
        "fact.session": "Identifiant de session de Facebook",
        "fact.until": "Expiration",
        "fact.completed": "Terminé le",
        # At the end of a page.
        "foot.support": "Aide",
        "foot.privacy": "Politique de confidentialité",
        "foot.terms": "Conditions d’utilisation",
        "foot.reference": "Référence\u00a0: {reference}",
        "foot.languages": "Langues",
        # The other pages that are not an end of a login.
        "home.text": "Ce service connecte des comptes WhatsApp Business aux applications qui les utilisent.",
        "home.link": "Pour connecter votre compte, ouvrez le lien que vous avez reçu.",
        "home.button": "Connecter un compte",
        "not-found.title": "Cette page n’existe pas",
        "not-found.text": "Vérifiez l’adresse. Si vous avez reçu un lien, ouvrez-le de nouveau depuis le message.",
        "finishing.title": "C’est presque fini",
        "finishing.text": "Votre connexion est en cours de finalisation. Vérifiez de nouveau dans quelques secondes.",
        "finishing.button": "Vérifier maintenant",
        "deletion.title": "Vos données sont supprimées",
        "deletion.text": (
            "Vous avez demandé la suppression de vos données. Tout ce que ce service avait enregistré sous votre "
            "propre compte Facebook, par exemple une connexion à WhatsApp, est supprimé."
        ),
        "deletion.business": (
            "Une connexion qui appartient à une entreprise ne fait pas partie de cette demande. Pour la faire "
            "supprimer, adressez-vous au service auquel l’entreprise s’est connectée."
        ),
        "deletion.unknown.title": "Nous ne connaissons pas ce code",
        "deletion.unknown.text": (
            "Vérifiez l’adresse ou utilisez le lien que Facebook affiche à côté de votre demande de suppression. "
            "Les codes sont conservés un peu plus d’un an."
        ),
        # A login that ended with a connection.
        "connected.title": "La connexion est établie",
        "connected.text": "Votre compte WhatsApp Business est connecté.",
        "connected.renewal": (
            "Si la connexion ne peut pas être renouvelée automatiquement, nous vous demanderons de vous reconnecter "
            "avant qu’elle expire."
        ),
        "connected.close": "Vous n’avez rien d’autre à faire. Vous pouvez fermer cette page.",
        "connected.never": "N’expire pas",
        "accounts-unknown.title": "Identification réussie",
        "accounts-unknown.text": (
            "L’identification est enregistrée, mais Facebook ne nous montre pas encore votre compte WhatsApp Business. "
            "Nous le lui redemanderons automatiquement."
        ),
        "accounts-unknown.choose": (
            "Si vous n’avez pas choisi de compte sur Facebook, vous pouvez en choisir un maintenant."
        ),
        "accounts-unknown.ask": (
            "Si vous n’avez pas choisi de compte sur Facebook, demandez un nouveau lien aux personnes qui vous ont "
            "envoyé celui-ci."
        ),
        # The ends of a login without a connection: a title and a text for each text key in outcomes.OUTCOMES.
        "request-incomplete.title": "Veuillez recommencer",
        "request-incomplete.text": (
            "Cette adresse n’est pas complète, donc nous ne pouvons pas savoir à quelle identification elle "
            "correspond. Rien n’a été modifié."
        ),
        "state-refused.title": "Veuillez recommencer",
        "state-refused.text": (
            "Cette identification est très ancienne, a déjà servi ou a été commencée dans un autre navigateur. Rien "
            "n’a été modifié. Recommencer prend une minute."
        ),
        "state-expired.title": "Cela a pris trop de temps",
        "state-expired.text": (
            "Le délai de cette identification était écoulé avant votre retour, donc rien n’a été connecté. Ce que vous "
            "avez configuré sur Facebook y est peut-être enregistré. Recommencer est rapide."
        ),
        "cookie-missing.title": "Veuillez recommencer dans ce navigateur",
        "cookie-missing.text": (
            "L’identification a été commencée ailleurs, peut-être dans une autre application, ou ce navigateur "
            "n’enregistre pas les cookies. Rien n’a été modifié. Recommencez ici et restez dans ce navigateur jusqu’à "
            "la fin."
        ),
        "login-interrupted.title": "Par précaution, veuillez recommencer",
        "login-interrupted.text": (
            "Cette identification a été interrompue, et nous ne pouvons pas savoir si la connexion a été établie. "
            "Recommencer est sans risque et prend une minute."
        ),
        "link-required.title": "Il vous faut un lien personnel",
        "link-required.text": "Ouvrez le lien de connexion que vous avez reçu ou demandez-en un.",
        "link-refused.title": "Ce lien ne fonctionne plus",
        "link-refused.text": (
            "Il a expiré, a été révoqué ou n’est pas complet. Rien n’a été modifié. Demandez un nouveau lien aux "
            "personnes qui vous l’ont envoyé."
        ),
        "link-used.title": "Ce lien a déjà été utilisé",
        "link-used.text": (
            "Si vous l’avez utilisé vous-même, vous n’avez rien d’autre à faire et vous pouvez fermer cette page. "
            "Sinon, demandez un nouveau lien aux personnes qui vous l’ont envoyé."
        ),
        "declined.title": "Connexion non établie",
        "declined.text": (
            "Vous avez choisi de ne pas continuer, donc rien n’a été connecté ni modifié. Si vous avez bien accepté "
            "sur Facebook, ce service n’est peut-être pas encore ouvert à votre compte. Demandez aux personnes qui "
            "vous ont indiqué cette page."
        ),
        "permission-missing.title": "Il manque une autorisation",
        "permission-missing.text": (
            "Pour travailler avec votre compte WhatsApp Business, nous avons besoin de toutes les autorisations de la "
            "liste de Facebook. Il en manquait au moins une, donc rien n’a été connecté. Vous pouvez l’accorder "
            "maintenant."
        ),
        "no-account.title": "Aucun compte WhatsApp n’a été choisi",
        "no-account.text": (
            "L’identification a réussi, mais Facebook indique que vous n’avez partagé aucun compte WhatsApp Business, "
            "donc rien n’a été connecté ni modifié. Vous pouvez en choisir un maintenant. Si vous n’en avez pas, "
            "créez-en d’abord un sur Facebook."
        ),
        "connection-taken.title": "Veuillez utiliser un autre compte",
        "connection-taken.text": (
            "Ce lien a déjà été utilisé par une personne qui s’est identifiée avec un autre compte Facebook. Rien n’a "
            "été modifié. Identifiez-vous avec ce compte-là ou demandez un nouveau lien."
        ),
        "not-yours.title": "Veuillez utiliser un autre compte",
        "not-yours.text": (
            "À cette adresse, il n’y a rien à reconnecter avec le compte Facebook que vous avez utilisé. Rien n’a été "
            "modifié. Identifiez-vous avec le compte qui a servi à la connexion, ou demandez aux personnes qui vous "
            "ont envoyé l’adresse."
        ),
        "signup-failed.title": "Facebook a signalé une erreur",
        "signup-failed.text": (
            "Facebook a interrompu l’inscription à cause d’une erreur, rien n’a donc été connecté. Veuillez "
            "réessayer. Si cela se produit deux fois, indiquez-nous la référence ci-dessous et communiquez "
            "l’identifiant de session à l’assistance de Facebook."
        ),
        "signup-unanswered.title": "Encore une étape",
        "signup-unanswered.text": (
            "Facebook n’a pas transmis l’inscription à ce service. Ce que vous avez configuré sur Facebook y est "
            "peut-être enregistré. Continuez sur Facebook dans cette fenêtre, et choisissez la même entreprise et le "
            "même compte WhatsApp."
        ),
        "code-refused.title": "Veuillez recommencer",
        "code-refused.text": (
            "Facebook n’accepte plus cette identification. Rien n’a été modifié. Recommencer prend une minute."
        ),
        "token-refused.title": "La réponse de Facebook est inutilisable",
        "token-refused.text": (
            "L’identification sur Facebook a réussi, mais l’accès que nous avons reçu est inutilisable, donc rien n’a "
            "été connecté. Veuillez réessayer. Si cela se produit deux fois, indiquez-nous la référence ci-dessous."
        ),
        "facebook-refused.title": "Facebook n’a pas pu terminer",
        "facebook-refused.text": (
            "Facebook a donné une réponse que nous n’avons pas pu utiliser. Rien n’a été modifié. Veuillez "
            "réessayer dans quelques minutes. Si cela se produit deux fois, indiquez-nous la référence ci-dessous."
        ),
        "facebook-unavailable.title": "Facebook ne répond pas",
        "facebook-unavailable.text": (
            "Facebook est surchargé ou indisponible en ce moment. Rien n’a été modifié. Veuillez réessayer dans "
            "quelques minutes."
        ),
        "setup-wrong.title": "L’erreur vient de nous",
        "setup-wrong.text": (
            "Notre connexion à Facebook n’est pas bien configurée, donc rien n’a été modifié. Veuillez nous indiquer "
            "la référence ci-dessous. Réessayer ne servira à rien tant que nous n’aurons pas corrigé cela."
        ),
        "paused.title": "Les connexions sont suspendues",
        "paused.text": (
            "Personne ne peut se connecter pour le moment. Rien n’a été modifié, et les connexions existantes continuent "
            "de fonctionner. Veuillez réessayer plus tard."
        ),
        "busy.title": "Un instant, s’il vous plaît",
        "busy.text": (
            "Trop de personnes se connectent en ce moment. Rien n’a été perdu. Veuillez réessayer dans une minute."
        ),
        "token-not-stored.title": "Veuillez recommencer",
        "token-not-stored.text": (
            "Nous sommes très sollicités en ce moment et n’avons pas pu enregistrer la connexion. Rien n’a été modifié "
            "et, si une connexion existait déjà, elle continue de fonctionner. Veuillez réessayer dans une minute."
        ),
        "unexpected.title": "L’erreur vient de nous",
        "unexpected.text": (
            "Il s’est produit une erreur que nous n’avions pas prévue. Si une connexion existait déjà, elle continue "
            "de fonctionner. Veuillez réessayer. Si cela se produit deux fois, indiquez-nous la référence ci-dessous."
        ),
        # What to do next.
        "again.link": "Pour recommencer, ouvrez encore une fois le lien que vous avez reçu.",
        "button.connect": "Recommencer",
        "button.redirect": "Continuer vers Facebook",
        "button.rerequest": "Me demander de nouveau",
        "button.choose": "Choisir un compte",
        "button.other-account": "Utiliser un autre compte",
        "button.reload": "Réessayer",
        "button.reconnect": "Reconnecter",
        "button.return": "Revenir au service",
    },
)
