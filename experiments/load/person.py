"""Simulate one person who connects: opens the link, accepts Facebook's dialog, and does what the pages say."""

import re
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from html import unescape
from random import Random
from time import monotonic, sleep
from urllib.parse import parse_qs, urlsplit

import requests

from whatsapp_connect.languages.en import LANGUAGE

MAX_RELOADS = 3
"""How often a person reloads a page before they give up."""
MAX_THROTTLED = 100
"""How often a person tries again after a 429 before they give up."""
THROTTLED_PAUSE_S = (1, 5)
"""The shortest and the longest pause after a 429."""
PAGE_TIMEOUT_S = 60
"""How long a person waits for a page. API Gateway's timeout is 30 seconds."""

TOO_MANY = 429

_FINISHING = "Almost there"
_REFRESH_S = 2.0


@dataclass(frozen=True, slots=True)
class Page:
    status: int
    title: str
    """The title of the stack's page; "" for another server's page, or if there was none."""


@dataclass(slots=True)
class Login:
    """How a login ended for the person."""

    person: str
    state: str = ""
    code: str = ""
    pages: list[Page] = field(default_factory=list)
    seconds: float = 0.0
    """The time from opening the link to the last page."""

    @property
    def told(self) -> str:
        """The title of the last page."""
        return self.pages[-1].title if self.pages else ""


class Person:
    """A person with a browser. If `impatient`, the browser opens the callback twice at once, as browsers sometimes do."""

    def __init__(self, key: str, *, base_url: str, facebook_url: str, impatient: bool) -> None:
        self._login = Login(key)
        self._base_url = base_url
        self._facebook_url = facebook_url
        self._impatient = impatient
        self._random = Random(key)

    def log_in(self) -> Login:
        began = monotonic()
        with requests.Session() as browser:
            self._connect(browser)
        self._login.seconds = monotonic() - began
        return self._login

    def _connect(self, browser: requests.Session) -> None:
        dialog = self._open_link(browser)
        if dialog is None:
            return
        self._login.state = parse_qs(urlsplit(dialog).query)["state"][0]
        answer = browser.post(
            f"{self._facebook_url}/_control/login",
            json={"url": dialog, "person": self._login.person},
            timeout=PAGE_TIMEOUT_S,
        )
        location = answer.json()["location"]
        self._login.code = parse_qs(urlsplit(location).query).get("code", [""])[0]
        if not self._impatient:
            self._come_back(browser, location)
            return
        with ThreadPoolExecutor(1) as twice:
            other: Future[Page] = twice.submit(self._page, _same_browser(browser), location)
            self._come_back(browser, location)
            other.result()

    def _open_link(self, browser: requests.Session) -> str | None:
        reloads = turned_away = 0
        while reloads <= MAX_RELOADS and turned_away <= MAX_THROTTLED:
            try:
                answer = browser.get(f"{self._base_url}/connect", allow_redirects=False, timeout=PAGE_TIMEOUT_S)
            except requests.RequestException:
                self._login.pages.append(Page(0, ""))
                reloads += 1
                continue
            if answer.status_code == 302:
                return answer.headers["Location"]
            self._login.pages.append(_read(answer))
            if answer.status_code == TOO_MANY:
                turned_away += 1
                self._wait()
            else:
                reloads += 1
        return None

    def _come_back(self, browser: requests.Session, location: str) -> None:
        reloads = turned_away = 0
        while True:
            page = self._page(browser, location)
            self._login.pages.append(page)
            if page.title == _FINISHING:
                sleep(_REFRESH_S)
                continue
            if page.status == TOO_MANY and turned_away < MAX_THROTTLED:
                turned_away += 1
                self._wait()
                continue
            if page.title not in {"", LANGUAGE.texts["busy.title"]} or reloads == MAX_RELOADS:
                return
            reloads += 1

    def _page(self, browser: requests.Session, location: str) -> Page:
        try:
            return _read(browser.get(location, timeout=PAGE_TIMEOUT_S))
        except requests.RequestException:
            return Page(0, "")

    def _wait(self) -> None:
        sleep(self._random.uniform(*THROTTLED_PAUSE_S))


def _same_browser(browser: requests.Session) -> requests.Session:
    other = requests.Session()
    other.cookies.update(browser.cookies)
    return other


def _read(answer: requests.Response) -> Page:
    found = re.search("<h1>(.*?)</h1>", answer.text)
    return Page(answer.status_code, unescape(found[1]) if found else "")
