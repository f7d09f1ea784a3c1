"""django-allauth in a Django project of its own, called as a WSGI server calls it.

Its users, accounts and sites need Django's database, which stays a file of this process; the shared store holds the
session, where allauth keeps its state, and the token.
"""

import io
from collections import Counter
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

from benchmarks.subjects.subject import (
    APP_ID,
    APP_SECRET,
    REDIRECT_URI,
    SCOPES,
    Login,
    directory,
    provider_url,
)


class Allauth:
    def __init__(self, *, shared: bool) -> None:
        self.operations = Counter[str]()
        database = directory() / f"django-{shared}.db"
        is_new = not database.exists()
        settings.configure(
            SECRET_KEY="secret",
            ALLOWED_HOSTS=["*"],
            ROOT_URLCONF="benchmarks.subjects.allauth_urls",
            USE_TZ=True,
            DATABASES={
                "default": {
                    "ENGINE": "django.db.backends.sqlite3",
                    "NAME": str(database),
                    "OPTIONS": {"timeout": 30},
                    "CONN_MAX_AGE": None,
                }
            },
            SESSION_ENGINE="benchmarks.subjects.allauth_session" if shared else "django.contrib.sessions.backends.db",
            INSTALLED_APPS=[
                "django.contrib.auth",
                "django.contrib.contenttypes",
                "django.contrib.sessions",
                "django.contrib.messages",
                "allauth",
                "allauth.account",
                "allauth.socialaccount",
                "allauth.socialaccount.providers.facebook",
            ],
            MIDDLEWARE=[
                "django.middleware.security.SecurityMiddleware",
                "django.contrib.sessions.middleware.SessionMiddleware",
                "django.middleware.common.CommonMiddleware",
                "django.middleware.csrf.CsrfViewMiddleware",
                "django.contrib.auth.middleware.AuthenticationMiddleware",
                "django.contrib.messages.middleware.MessageMiddleware",
                "allauth.account.middleware.AccountMiddleware",
            ],
            TEMPLATES=[
                {
                    "BACKEND": "django.template.backends.django.DjangoTemplates",
                    "APP_DIRS": True,
                    "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
                }
            ],
            AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
            LOGIN_REDIRECT_URL="/connected",
            ACCOUNT_EMAIL_VERIFICATION="none",
            SOCIALACCOUNT_LOGIN_ON_GET=True,
            SOCIALACCOUNT_STORE_TOKENS=not shared,
            SOCIALACCOUNT_PROVIDERS={
                "facebook": {
                    "APP": {"client_id": APP_ID, "secret": APP_SECRET, "key": ""},
                    "SCOPE": list(SCOPES),
                    "GRAPH_API_URL": f"{provider_url()}/v26.0",
                    "AUTHORIZE_URL": f"{provider_url()}/v26.0/dialog/oauth",
                    "FIELDS": ["id", "name"],
                }
            },
        )
        django.setup()
        if is_new:
            call_command("migrate", verbosity=0)
        self._application: Any = get_wsgi_application()
        if shared:
            self._share()

    def _share(self) -> None:
        from allauth.socialaccount.signals import pre_social_login

        from benchmarks.subjects import allauth_session, aws

        allauth_session.use(self.operations)
        ssm = aws.aws_client("ssm", self.operations)

        def keep(sociallogin: Any, **_: object) -> None:
            aws.keep_token(ssm, f"allauth-{sociallogin.account.uid}", sociallogin.token.token)

        pre_social_login.connect(keep, weak=False)

    def authorize(self) -> Login:
        location, cookies = self._get("/accounts/facebook/login/")
        return Login(parse_qs(urlsplit(location).query)["state"][0], cookies)

    def callback(self, login: Login, code: str) -> bool:
        query = urlencode({"code": code, "state": login.state})
        location, _ = self._get("/accounts/facebook/login/callback/", query, login.cookies)
        return location == "/connected"

    def _get(self, path: str, query: str = "", cookies: dict[str, str] | None = None) -> tuple[str, dict[str, str]]:
        """Return where a request is redirected to, and the cookies it sets."""
        answered: list[tuple[str, str]] = []
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": urlsplit(REDIRECT_URI).netloc,
            "SERVER_PORT": "443",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in (cookies or {}).items()),
            "HTTP_USER_AGENT": "Mozilla/5.0",
            "REMOTE_ADDR": "203.0.113.7",
            "wsgi.url_scheme": "https",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": io.StringIO(),
        }
        response = self._application(environ, lambda _status, headers: answered.extend(headers))
        list(response)
        response.close()
        jar = SimpleCookie()
        for name, value in answered:
            if name == "Set-Cookie":
                jar.load(value)
        location = next((value for name, value in answered if name == "Location"), "")
        return location, {name: morsel.value for name, morsel in jar.items()}


def make(*, shared: bool) -> Allauth:
    return Allauth(shared=shared)
