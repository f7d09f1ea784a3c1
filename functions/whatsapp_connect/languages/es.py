"""Spanish.

Written by the project. Reviewed by a native speaker: no. Translated back by a second reader: yes.
"""

from whatsapp_connect.languages.language import Language

LANGUAGE = Language(
    tag="es",
    direction="ltr",
    date="{day} de {month} de {year}",
    months=(
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ),
    texts={
        # The page before a login.
        "start.title": "Conecte su cuenta de WhatsApp Business",
        "start.text": (
            "Este servicio le pide que conecte su cuenta de WhatsApp Business, para que el servicio pueda enviar y "
            "recibir mensajes en su nombre."
        ),
        "start.need": (
            "Necesita la cuenta de Facebook con la que administra su empresa. En la página siguiente, Facebook le "
            "pedirá que inicie sesión y elija qué compartir. El proceso dura aproximadamente un minuto."
        ),
        "start.button": "Continuar en Facebook",
        "start.cookies": (
            "Su navegador no envió la cookie de esta página. Permita las cookies o abra esta página en otro "
            "navegador. Después, inténtelo de nuevo."
        ),
        "reconnect.title": "Vuelva a conectar WhatsApp",
        "reconnect.text": (
            "La conexión con su cuenta de WhatsApp Business requiere que inicie sesión de nuevo. Use la misma cuenta "
            "de Facebook que antes."
        ),
        # The page before Embedded Signup.
        "signup.need": (
            "Necesita la cuenta de Facebook con la que administra su empresa. Facebook le pide que inicie sesión "
            "y que elija o añada su empresa, su cuenta de WhatsApp y su número de teléfono. Tarda unos minutos."
        ),
        "signup.phone": (
            "Si quiere seguir usando un número en la aplicación WhatsApp Business, tenga a mano el teléfono con "
            "esa aplicación."
        ),
        "signup.open": (
            "Facebook está abierto en otra ventana. Termine allí: después, esta página continúa sola. Si no ve "
            "esa ventana, pulse el botón otra vez."
        ),
        # Facts: a term, followed by its value.
        "fact.label": "Para",
        "fact.numbers": "Conectado",
        "fact.more-numbers": "Más números de teléfono",
        "fact.more-accounts": "Más cuentas",
        "fact.session": "ID de sesión de Facebook",
        "fact.until": "Fecha de caducidad",
        "fact.completed": "Completado",
        # At the end of a page.
        "foot.support": "Ayuda",
        "foot.privacy": "Política de privacidad",
        "foot.terms": "Condiciones de uso",
        "foot.reference": "Referencia: {reference}",
        "foot.languages": "Idiomas",
        # The other pages that are not an end of a login.
        "home.text": "Este servicio conecta cuentas de WhatsApp Business con las aplicaciones que las usan.",
        "home.link": "Para conectar su cuenta, abra el enlace que recibió.",
        "home.button": "Conectar una cuenta",
        "not-found.title": "Esta página no existe",
        "not-found.text": "Compruebe la dirección. Si recibió un enlace, ábralo de nuevo desde el mensaje.",
        "finishing.title": "Ya casi está listo",
        "finishing.text": "Su conexión se está completando. Vuelva a comprobarlo en unos segundos.",
        "finishing.button": "Comprobar ahora",
        "deletion.title": "Sus datos se han eliminado",
        "deletion.text": (
            "Usted pidió que se eliminaran sus datos. Todo lo que este servicio había guardado en relación con su "
            "propia cuenta de Facebook, por ejemplo una conexión con WhatsApp, se ha eliminado."
        ),
        "deletion.business": (
            "Una conexión que pertenece a una empresa no forma parte de esta solicitud. Para eliminarla, pídalo al "
            "servicio con el que se conectó la empresa."
        ),
        "deletion.unknown.title": "No conocemos este código",
        "deletion.unknown.text": (
            "Compruebe la dirección o use el enlace que Facebook muestra junto a su solicitud de eliminación. Los "
            "códigos se guardan algo más de un año."
        ),
        # A login that ended with a connection.
        "connected.title": "La conexión está lista",
        "connected.text": "Su cuenta de WhatsApp Business está conectada.",
        "connected.renewal": (
            "Si la conexión no se puede renovar automáticamente, le pediremos que vuelva a conectarse antes de que "
            "termine."
        ),
        "connected.close": "No tiene que hacer nada más. Puede cerrar esta página.",
        "connected.never": "No caduca",
        "accounts-unknown.title": "Ha iniciado sesión",
        "accounts-unknown.text": (
            "El inicio de sesión está guardado, pero Facebook todavía no nos muestra su cuenta de WhatsApp "
            "Business. Volveremos a preguntar automáticamente."
        ),
        "accounts-unknown.choose": "Si no eligió ninguna cuenta en Facebook, puede elegir una ahora.",
        "accounts-unknown.ask": (
            "Si no eligió ninguna cuenta en Facebook, pida un enlace nuevo a quienes le enviaron este."
        ),
        # The ends of a login without a connection: a title and a text for each text key in outcomes.OUTCOMES.
        "request-incomplete.title": "Empiece de nuevo",
        "request-incomplete.text": (
            "Esta dirección no está completa, por lo que no podemos saber a qué inicio de sesión pertenece. No se "
            "cambió nada."
        ),
        "state-refused.title": "Empiece de nuevo",
        "state-refused.text": (
            "Este inicio de sesión es muy antiguo, ya se usó o se empezó en otro navegador. No se cambió nada. "
            "Empezar de nuevo tarda un minuto."
        ),
        "state-expired.title": "Se agotó el tiempo",
        "state-expired.text": (
            "El tiempo de este inicio de sesión terminó antes de que usted volviera, por lo que no se conectó nada. "
            "Es posible que lo que configuró en Facebook esté guardado allí. Empezar de nuevo es rápido."
        ),
        "cookie-missing.title": "Empiece de nuevo en este navegador",
        "cookie-missing.text": (
            "El inicio de sesión se empezó en otro lugar, quizá dentro de otra aplicación, o este navegador no "
            "guarda cookies. No se cambió nada. Empiece de nuevo aquí y permanezca en este navegador hasta terminar."
        ),
        "login-interrupted.title": "Empiece de nuevo para asegurarse",
        "login-interrupted.text": (
            "Este inicio de sesión se interrumpió y no podemos saber si se hizo la conexión. Empezar de nuevo es "
            "seguro y tarda un minuto."
        ),
        "link-required.title": "Necesita su propio enlace",
        "link-required.text": "Abra el enlace de conexión que recibió o pida uno.",
        "link-refused.title": "Este enlace ya no funciona",
        "link-refused.text": (
            "Ha caducado, se anuló o no está completo. No se cambió nada. Pida un enlace nuevo a quienes le enviaron "
            "este."
        ),
        "link-used.title": "Este enlace ya se usó",
        "link-used.text": (
            "Si lo usó usted, no tiene que hacer nada más y puede cerrar esta página. Si no, pida un enlace nuevo a "
            "quienes le enviaron este."
        ),
        "declined.title": "No se ha conectado",
        "declined.text": (
            "Usted eligió no continuar, por lo que no se conectó ni se cambió nada. Si en realidad aceptó en Facebook, es "
            "posible que este servicio aún no esté disponible para su cuenta. Pregunte a quienes le indicaron esta "
            "página."
        ),
        "permission-missing.title": "Falta un permiso",
        "permission-missing.text": (
            "Para trabajar con su cuenta de WhatsApp Business necesitamos todos los permisos de la lista de Facebook. "
            "Al menos uno no se concedió, por lo que no se conectó nada. Puede concederlo ahora."
        ),
        "no-account.title": "No se eligió ninguna cuenta de WhatsApp",
        "no-account.text": (
            "Usted inició sesión, pero Facebook indica que no ha compartido ninguna cuenta de WhatsApp Business, "
            "por lo que no se conectó ni se cambió nada. Puede elegir una ahora. Si no tiene ninguna, cree una "
            "primero en Facebook."
        ),
        "connection-taken.title": "Use otra cuenta",
        "connection-taken.text": (
            "Este enlace lo usó antes alguien que inició sesión con otra cuenta de Facebook. No se cambió nada. "
            "Inicie sesión con esa cuenta o pida un enlace nuevo."
        ),
        "not-yours.title": "Use otra cuenta",
        "not-yours.text": (
            "Con la cuenta de Facebook que usó no hay nada que volver a conectar en esta dirección. No se cambió nada. "
            "Inicie sesión con la cuenta con la que se hizo la conexión o pregunte a quienes le enviaron la dirección."
        ),
        "signup-failed.title": "Facebook ha informado de un error",
        "signup-failed.text": (
            "Facebook terminó el registro con un error, por lo que no se ha conectado nada. Inténtelo de nuevo. Si "
            "ocurre dos veces, indíquenos la referencia de abajo y comunique el ID de sesión al servicio de ayuda de "
            "Facebook."
        ),
        "signup-unanswered.title": "Un paso más",
        "signup-unanswered.text": (
            "Facebook no ha transmitido el registro a este servicio. Es posible que lo que configuró en Facebook esté "
            "guardado allí. Continúe en Facebook en esta ventana y elija la misma empresa y la misma cuenta de "
            "WhatsApp."
        ),
        "code-refused.title": "Empiece de nuevo",
        "code-refused.text": (
            "Facebook ya no acepta este inicio de sesión. No se cambió nada. Empezar de nuevo tarda un minuto."
        ),
        "token-refused.title": "La respuesta de Facebook no se puede usar",
        "token-refused.text": (
            "Usted inició sesión en Facebook, pero el acceso que Facebook nos dio no se puede usar, por lo que no se "
            "conectó nada. Inténtelo de nuevo. Si ocurre dos veces, indíquenos la referencia que aparece abajo."
        ),
        "facebook-refused.title": "Facebook no pudo terminar",
        "facebook-refused.text": (
            "Facebook dio una respuesta que no pudimos usar. No se cambió nada. Inténtelo de nuevo en unos minutos. "
            "Si ocurre dos veces, indíquenos la referencia que aparece abajo."
        ),
        "facebook-unavailable.title": "Facebook no responde",
        "facebook-unavailable.text": (
            "Facebook está saturado o no está disponible en este momento. No se cambió nada. Inténtelo de nuevo en "
            "unos minutos."
        ),
        "setup-wrong.title": "Es un error nuestro",
        "setup-wrong.text": (
            "Nuestra conexión con Facebook no está bien configurada, por lo que no se cambió nada. Indíquenos la "
            "referencia que aparece abajo. Intentarlo de nuevo no servirá hasta que lo arreglemos."
        ),
        "paused.title": "Las conexiones están en pausa",
        "paused.text": (
            "En este momento no es posible conectarse. No se ha cambiado nada y las conexiones existentes siguen "
            "funcionando. Inténtelo de nuevo más tarde."
        ),
        "busy.title": "Un momento, por favor",
        "busy.text": (
            "Demasiadas personas se están conectando ahora. No se perdió nada. Inténtelo de nuevo en un minuto."
        ),
        "token-not-stored.title": "Empiece de nuevo",
        "token-not-stored.text": (
            "Tenemos mucha actividad en este momento y no pudimos guardar la conexión. No se cambió nada y, si ya "
            "había una conexión, sigue funcionando. Inténtelo de nuevo en un minuto."
        ),
        "unexpected.title": "Es un error nuestro",
        "unexpected.text": (
            "Ocurrió un error que no esperábamos. Si ya había una conexión, sigue funcionando. Inténtelo de nuevo. Si "
            "ocurre dos veces, indíquenos la referencia que aparece abajo."
        ),
        # What to do next.
        "again.link": "Para empezar de nuevo, abra otra vez el enlace que recibió.",
        "button.connect": "Empezar de nuevo",
        "button.redirect": "Continuar en Facebook",
        "button.rerequest": "Volver a preguntarme",
        "button.choose": "Elegir una cuenta",
        "button.other-account": "Usar otra cuenta",
        "button.reload": "Intentar de nuevo",
        "button.reconnect": "Volver a conectar",
        "button.return": "Volver al servicio",
    },
)
