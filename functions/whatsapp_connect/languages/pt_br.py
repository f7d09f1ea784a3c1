"""Portuguese, as in Brazil.

Written by the project. Reviewed by a native speaker: no. Translated back by a second reader: yes.
"""

from whatsapp_connect.languages.language import Language

LANGUAGE = Language(
    tag="pt-BR",
    direction="ltr",
    date="{day} de {month} de {year}",
    months=(
        "janeiro",
        "fevereiro",
        "março",
        "abril",
        "maio",
        "junho",
        "julho",
        "agosto",
        "setembro",
        "outubro",
        "novembro",
        "dezembro",
    ),
    texts={
        # The page before a login.
        "start.title": "Conecte sua conta do WhatsApp Business",
        "start.text": (
            "Este serviço pede que você conecte sua conta do WhatsApp Business, para que ele possa enviar e receber "
            "mensagens em seu nome."
        ),
        "start.need": (
            "Você precisa da conta do Facebook com a qual gerencia sua empresa. Na próxima página, o Facebook pedirá "
            "que você faça login e escolha o que compartilhar. Leva cerca de um minuto."
        ),
        "start.button": "Continuar no Facebook",
        "start.cookies": (
            "Seu navegador não enviou o cookie desta página. Permita cookies ou abra esta página em outro "
            "navegador. Depois, tente de novo."
        ),
        "reconnect.title": "Conecte o WhatsApp de novo",
        "reconnect.text": (
            "A conexão com sua conta do WhatsApp Business precisa de um novo login. Use a mesma conta do Facebook "
            "de antes."
        ),
        # The page before Embedded Signup.
        "signup.need": (
            "Você precisa da conta do Facebook com que administra sua empresa. O Facebook pede que você entre e "
            "que escolha ou adicione sua empresa, a conta do WhatsApp e o número de telefone dela. Leva alguns "
            "minutos."
        ),
        "signup.phone": (
            "Para continuar usando um número no aplicativo WhatsApp Business, tenha em mãos o telefone com esse "
            "aplicativo."
        ),
        "signup.open": (
            "O Facebook está aberto em outra janela. Conclua lá: depois, esta página continua sozinha. Se você "
            "não vê essa janela, toque no botão de novo."
        ),
        # Facts: a term, followed by its value.
        "fact.label": "Para",
        "fact.numbers": "Conectado",
        "fact.more-numbers": "Mais números de telefone",
        "fact.more-accounts": "Mais contas",
        "fact.session": "ID da sessão do Facebook",
        "fact.until": "Validade",
        "fact.completed": "Concluído",
        # At the end of a page.
        "foot.support": "Ajuda",
        "foot.privacy": "Política de privacidade",
        "foot.terms": "Termos de uso",
        "foot.reference": "Referência: {reference}",
        "foot.languages": "Idiomas",
        # The other pages that are not an end of a login.
        "home.text": "Este serviço conecta contas do WhatsApp Business aos aplicativos que as usam.",
        "home.link": "Para conectar sua conta, abra o link que você recebeu.",
        "home.button": "Conectar uma conta",
        "not-found.title": "Esta página não existe",
        "not-found.text": "Verifique o endereço. Se você recebeu um link, abra-o de novo a partir da mensagem.",
        "finishing.title": "Quase pronto",
        "finishing.text": "Sua conexão está sendo concluída. Verifique de novo em alguns segundos.",
        "finishing.button": "Verificar agora",
        "deletion.title": "Seus dados foram excluídos",
        "deletion.text": (
            "Você pediu a exclusão dos seus dados. Tudo o que este serviço guardava em relação à sua própria conta do "
            "Facebook, como uma conexão com o WhatsApp, foi excluído."
        ),
        "deletion.business": (
            "Uma conexão que pertence a uma empresa não faz parte deste pedido. Para excluí-la, peça ao serviço ao "
            "qual a empresa se conectou."
        ),
        "deletion.unknown.title": "Não conhecemos este código",
        "deletion.unknown.text": (
            "Verifique o endereço ou use o link que o Facebook mostra ao lado do seu pedido de exclusão. Os códigos "
            "são guardados por pouco mais de um ano."
        ),
        # A login that ended with a connection.
        "connected.title": "Conexão concluída",
        "connected.text": "Sua conta do WhatsApp Business está conectada.",
        "connected.renewal": (
            "Se a conexão não puder ser renovada automaticamente, pediremos que você se conecte de novo antes que ela "
            "termine."
        ),
        "connected.close": "Não é preciso fazer mais nada. Você pode fechar esta página.",
        "connected.never": "Não expira",
        "accounts-unknown.title": "Login feito",
        "accounts-unknown.text": (
            "O login foi salvo, mas o Facebook ainda não nos mostra sua conta do WhatsApp Business. Vamos perguntar de "
            "novo automaticamente."
        ),
        "accounts-unknown.choose": "Se você não escolheu uma conta no Facebook, pode escolher uma agora.",
        "accounts-unknown.ask": "Se você não escolheu uma conta no Facebook, peça um link novo a quem enviou este.",
        # The ends of a login without a connection: a title and a text for each text key in outcomes.OUTCOMES.
        "request-incomplete.title": "Comece de novo",
        "request-incomplete.text": (
            "Este endereço não está completo, por isso não sabemos a qual login ele pertence. Nada foi alterado."
        ),
        "state-refused.title": "Comece de novo",
        "state-refused.text": (
            "Este login é muito antigo, já foi usado ou foi iniciado em outro navegador. Nada foi alterado. Começar "
            "de novo leva um minuto."
        ),
        "state-expired.title": "Demorou demais",
        "state-expired.text": (
            "O tempo deste login acabou antes de você voltar, por isso nada foi conectado. O que você configurou no "
            "Facebook pode estar salvo lá. Começar de novo é rápido."
        ),
        "cookie-missing.title": "Comece de novo neste navegador",
        "cookie-missing.text": (
            "O login foi iniciado em outro lugar, talvez dentro de outro aplicativo, ou este navegador não armazena "
            "cookies. Nada foi alterado. Comece de novo aqui e fique neste navegador até terminar."
        ),
        "login-interrupted.title": "Comece de novo para ter certeza",
        "login-interrupted.text": (
            "Este login foi interrompido, e não sabemos se a conexão foi feita. Começar de novo é seguro e leva um "
            "minuto."
        ),
        "link-required.title": "Você precisa do seu próprio link",
        "link-required.text": "Abra o link de conexão que você recebeu ou peça um.",
        "link-refused.title": "Este link não funciona mais",
        "link-refused.text": (
            "Ele expirou, foi revogado ou não está completo. Nada foi alterado. Peça um link novo a quem enviou este."
        ),
        "link-used.title": "Este link já foi usado",
        "link-used.text": (
            "Se foi você que o usou, não é preciso fazer mais nada e você pode fechar esta página. Caso contrário, "
            "peça um link novo a quem enviou este."
        ),
        "declined.title": "Não conectado",
        "declined.text": (
            "Você escolheu não continuar, por isso nada foi conectado nem alterado. Se, na verdade, você aceitou no "
            "Facebook, este serviço talvez ainda não esteja disponível para sua conta. Pergunte a quem indicou esta "
            "página."
        ),
        "permission-missing.title": "Falta uma permissão",
        "permission-missing.text": (
            "Para trabalhar com sua conta do WhatsApp Business, precisamos de todas as permissões da lista do "
            "Facebook. Pelo menos uma não foi concedida, por isso nada foi conectado. Você pode concedê-la agora."
        ),
        "no-account.title": "Nenhuma conta do WhatsApp foi escolhida",
        "no-account.text": (
            "Você fez login, mas o Facebook informa que você não compartilhou uma conta do WhatsApp Business, por isso "
            "nada foi conectado nem alterado. Você pode escolher uma agora. Se não tiver nenhuma, crie uma primeiro no "
            "Facebook."
        ),
        "connection-taken.title": "Use outra conta",
        "connection-taken.text": (
            "Este link já foi usado por alguém que fez login com outra conta do Facebook. Nada foi alterado. Faça "
            "login com aquela conta ou peça um link novo."
        ),
        "not-yours.title": "Use outra conta",
        "not-yours.text": (
            "Com a conta do Facebook que você usou, não há nada para conectar de novo neste endereço. Nada foi "
            "alterado. Faça login com a conta que fez a conexão antes ou pergunte a quem enviou o endereço."
        ),
        "signup-failed.title": "O Facebook informou um erro",
        "signup-failed.text": (
            "O Facebook encerrou o cadastro com um erro, por isso nada foi conectado. Tente de novo. Se acontecer "
            "duas vezes, informe-nos a referência abaixo e passe o ID da sessão ao suporte do Facebook."
        ),
        "signup-unanswered.title": "Só mais um passo",
        "signup-unanswered.text": (
            "O Facebook não passou o cadastro para este serviço. O que você configurou no Facebook pode estar salvo "
            "lá. Continue no Facebook nesta janela e escolha a mesma empresa e a mesma conta do WhatsApp."
        ),
        "code-refused.title": "Comece de novo",
        "code-refused.text": (
            "O Facebook não aceita mais este login. Nada foi alterado. Começar de novo leva um minuto."
        ),
        "token-refused.title": "A resposta do Facebook não pode ser usada",
        "token-refused.text": (
            "O login no Facebook deu certo, mas o acesso que recebemos não pode ser usado, por isso nada foi "
            "conectado. Tente de novo. Se acontecer duas vezes, informe-nos a referência abaixo."
        ),
        "facebook-refused.title": "O Facebook não conseguiu concluir",
        "facebook-refused.text": (
            "O Facebook deu uma resposta que não pudemos usar. Nada foi alterado. Tente de novo em alguns minutos. Se "
            "acontecer duas vezes, informe-nos a referência abaixo."
        ),
        "facebook-unavailable.title": "O Facebook não está respondendo",
        "facebook-unavailable.text": (
            "O Facebook está sobrecarregado ou indisponível no momento. Nada foi alterado. Tente de novo em alguns "
            "minutos."
        ),
        "setup-wrong.title": "O erro é nosso",
        "setup-wrong.text": (
            "Nossa conexão com o Facebook não está configurada corretamente, por isso nada foi alterado. Informe-nos a "
            "referência abaixo. Tentar de novo não vai adiantar enquanto não corrigirmos isso."
        ),
        "paused.title": "As conexões estão pausadas",
        "paused.text": (
            "No momento, não é possível se conectar. Nada foi alterado, e as conexões existentes continuam funcionando. "
            "Tente novamente mais tarde."
        ),
        "busy.title": "Um momento, por favor",
        "busy.text": "Há pessoas demais se conectando agora. Nada foi perdido. Tente de novo em um minuto.",
        "token-not-stored.title": "Comece de novo",
        "token-not-stored.text": (
            "Estamos sobrecarregados no momento e não conseguimos salvar a conexão. Nada foi alterado e, se já havia "
            "uma conexão, ela continua funcionando. Tente de novo em um minuto."
        ),
        "unexpected.title": "O erro é nosso",
        "unexpected.text": (
            "Aconteceu um erro que não esperávamos. Se já havia uma conexão, ela continua funcionando. Tente de novo. "
            "Se acontecer duas vezes, informe-nos a referência abaixo."
        ),
        # What to do next.
        "again.link": "Para começar de novo, abra mais uma vez o link que você recebeu.",
        "button.connect": "Começar de novo",
        "button.redirect": "Continuar no Facebook",
        "button.rerequest": "Me perguntar de novo",
        "button.choose": "Escolher uma conta",
        "button.other-account": "Usar outra conta",
        "button.reload": "Tentar de novo",
        "button.reconnect": "Conectar de novo",
        "button.return": "Voltar ao serviço",
    },
)
