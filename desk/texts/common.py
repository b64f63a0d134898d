"""Texts of log-in, page frame and errors."""

COMMON: dict[str, tuple[str, str]] = {
    "app.name": ("Vínculo", "Vínculo"),
    "nav.desk": ("Desk", "Atendimento"),
    "nav.customers": ("Customers", "Clientes"),
    "nav.overview": ("Overview", "Visão geral"),
    "nav.main": ("Main", "Principal"),
    "nav.language": ("Language", "Idioma"),
    "nav.logout": ("Log out", "Sair"),
    "nav.skip": ("Skip to content", "Ir para o conteúdo"),
    "login.title": ("Log in", "Entrar"),
    "login.lead": ("For the people of {company}.", "Para a equipe de {company}."),
    "login.login": ("Log-in", "Usuário"),
    "login.password": ("Password", "Senha"),
    "login.submit": ("Log in", "Entrar"),
    "login.over": (
        "Your session has ended. Log in again to go on where you were.",
        "Sua sessão terminou. Entre de novo para continuar de onde parou.",
    ),
    "login.out": ("You have logged out.", "Você saiu."),
    "login.empty": ("Write your log-in and your password.", "Escreva seu usuário e sua senha."),
    "login.foreign": (
        "This log-in came from another site, so it was not accepted. Log in here.",
        "Este acesso veio de outro site e não foi aceito. Entre por aqui.",
    ),
    "denied.title": ("Not for your role", "Não liberado para o seu perfil"),
    "denied.text": (
        "This page is for managers. Ask an administrator if you need it.",
        "Esta página é para gestores. Fale com a administração se precisar dela.",
    ),
    "denied.back": ("Go to the desk", "Ir para o atendimento"),
    "missing.title": ("There is no such page", "Esta página não existe"),
    "missing.customer": (
        "This customer does not exist, or the address is not complete.",
        "Este cliente não existe ou o endereço está incompleto.",
    ),
    "missing.back": ("Go to the customers", "Ir para os clientes"),
    "error.wrong_login": (
        "This log-in or password is not right. Check both and try again.",
        "Usuário ou senha incorretos. Confira os dois e tente de novo.",
    ),
    "error.locked": (
        "Too many wrong passwords. The account is locked for a few minutes: try again in {minutes} min.",
        "Muitas senhas erradas. A conta está bloqueada por alguns minutos: tente de novo em {minutes} min.",
    ),
    "error.session_over": (
        "Your session has ended. Log in again.",
        "Sua sessão terminou. Entre de novo.",
    ),
    "error.not_allowed": (
        "Your role does not allow this.",
        "Seu perfil não permite isto.",
    ),
    "error.taken": (
        "Somebody else has taken this conversation meanwhile. Your text is still here.",
        "Outra pessoa assumiu esta conversa neste meio-tempo. Seu texto continua aqui.",
    ),
    "error.not_owner": (
        "Only the person who leads the conversation can hand it back.",
        "Só quem conduz a conversa pode devolvê-la.",
    ),
    "error.wrong_owner": (
        "The conversation has changed hands meanwhile. What you see now is up to date.",
        "A conversa mudou de mãos neste meio-tempo. O que você vê agora está atualizado.",
    ),
    "error.empty_text": ("Write something first.", "Escreva algo primeiro."),
    "error.too_long": (
        "The text is longer than 4000 characters. Split it in two.",
        "O texto tem mais de 4000 caracteres. Divida em dois.",
    ),
    "error.no_conversation": (
        "This conversation does not exist any more.",
        "Esta conversa não existe mais.",
    ),
    "error.gone_fact": (
        "Somebody has changed this fact meanwhile. The page is up to date now.",
        "Alguém mudou este dado neste meio-tempo. A página já está atualizada.",
    ),
    "error.unknown_need": (
        "There is no such need in the vocabulary. Choose one from the list.",
        "Essa necessidade não existe no vocabulário. Escolha uma da lista.",
    ),
    "error.unexpected": (
        "That did not work. Nothing was changed. Try again.",
        "Não funcionou. Nada foi alterado. Tente de novo.",
    ),
    "connection.lost": (
        "Connection lost. Reconnecting; nothing you wrote is gone.",
        "Conexão perdida. Reconectando; nada do que você escreveu se perdeu.",
    ),
    "action.cancel": ("Cancel", "Cancelar"),
    "action.close": ("Close", "Fechar"),
    "action.save": ("Save", "Salvar"),
}
