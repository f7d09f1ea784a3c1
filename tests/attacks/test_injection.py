"""Attacks by what is put into parameters, paths, cookies and names: into headers, into pages, into other people's cookies."""

from collections.abc import Callable
from html.parser import HTMLParser
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest

from facebook_simulator.world import Person
from tests.attacks.site import AttackedSite
from tests.attacks.visitor import Answer, Visitor
from tests.support.browser import state_of

pytestmark = pytest.mark.emulator

NewPerson = Callable[..., Person]

CRAWLER = {"User-Agent": "WhatsApp/2.23.20.0"}
SPLITTING = ("\r\n", "\n", "\r", "\r\n\r\n", "\u560d\u560a", "\u2028", "\x00")
INJECTED = "Set-Cookie: __Host-connect-0000000000000000=x; Secure; HttpOnly; Path=/; SameSite=Lax"
SCRIPTS = (
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "javascript:alert(1)//",
    "' autofocus onfocus=alert(1) x='",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "<base href=//evil.example>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "{{7*7}}${7*7}<%= 7*7 %>",
)
ELEMENTS = {
    "html", "head", "meta", "title", "link", "style", "body", "main", "svg", "path", "circle", "h1", "p", "dl", "dt",
    "dd", "a", "header", "footer", "nav", "bdi",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "name", "content", "property", "rel", "href", "viewbox", "aria-hidden", "class", "d", "cx", "cy",
    "r", "dir", "hreflang", "role", "aria-label",
}  # fmt: skip


class _Page(HTMLParser):
    """A page as a browser reads it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def assert_inert(site: AttackedSite, answer: Answer) -> _Page:
    """Check that a page has no element, attribute or address that the product does not write itself."""
    page = _Page(answer.body)
    assert page.elements <= ELEMENTS
    assert page.attributes <= ATTRIBUTES
    for link in page.links:
        ours = ("/connect", "/reconnect/", "?lang=", f"https://{site.host}/connect")
        assert link in {"", "data:,"} or link.startswith(ours), link
    return page


def assert_nothing_injected(answer: Answer) -> None:
    assert len(answer.all("Set-Cookie")) <= 1
    assert not any("0000000000000000" in value for name, value in answer.headers)
    assert not answer.body.startswith("Set-Cookie")


@pytest.mark.parametrize("break_", SPLITTING, ids=repr)
def test_line_break_does_not_end_a_header(site: AttackedSite, person: Person, break_: str) -> None:
    injected = quote(break_ + INJECTED, safe="")
    visitor = site.visitor()
    for path in (
        f"/connect?auth_type=rerequest{injected}",
        f"/connect?auth_type={injected}&state={injected}",
        f"/connect/{injected}",
        f"/connect/{site.link('split')}{injected}",
        f"/data-deletion/{injected}",
    ):
        assert_nothing_injected(visitor.get(path))
        assert_nothing_injected(visitor.get(path, CRAWLER))
    visitor = site.visitor()
    location = site.log_in(visitor, person.key)
    for query in (
        f"code=x&state={injected}",
        f"code=x&state={state_of(location)}{injected}",
        f"error={injected}",
    ):
        assert_nothing_injected(visitor.get(f"/callback?{query}"))
    assert_nothing_injected(visitor.get(f"{location}&error={injected}&error_message={injected}"))


@pytest.mark.parametrize(
    "auth_type",
    ["rerequest&redirect_uri=https://evil.example", "rerequest,https", "reRequest", "rerequest ", "x" * 3000],
)
def test_only_known_auth_types_reach_facebook(site: AttackedSite, auth_type: str) -> None:
    def asked(query: str) -> dict[str, list[str]]:
        asked = parse_qs(urlsplit(site.visitor().get(f"/connect?{query}").header("Location")).query)
        del asked["state"]
        return asked

    assert asked(urlencode({"auth_type": auth_type})) == asked("")


@pytest.mark.parametrize(
    "spelling",
    [
        "\u2000{name}",
        "{name}\u2028",
        "\u00a0{name}",
        "\u0085{name}",
        "\x1f{name}",
        "={name}",
        "__HOST-{rest}",
        "{rest}",
    ],
)
def test_cookie_set_by_a_sibling_domain_is_ignored(site: AttackedSite, person: Person, spelling: str) -> None:
    """Browsers keep a __Host- cookie only from this host. A neighbour's comes under a name that only looks like one."""
    attacker, victim = site.visitor(), site.visitor()
    location = site.log_in(attacker, person.key)
    ((name, value),) = attacker.cookies.items()
    rest = name.removeprefix("__Host-")
    tossed = spelling.format(name=name, rest=rest)
    answer = victim.get(location, {"Cookie": f"theme=dark; {tossed}={value}"})
    assert answer.title == "Please start again in this browser"
    assert site.token(person.id) is None


def test_a_login_outlives_a_flood_of_cookies(site: AttackedSite, person: Person) -> None:
    """Those of a neighbour, and those of logins that an attacker made the browser start."""
    visitor = site.visitor()
    visitor.cookies |= {f"junk-{number}": "x" * 20 for number in range(150)}
    for _ in range(12):
        visitor.get("/connect")
    location = site.log_in(visitor, person.key)
    assert len([name for name in visitor.cookies if name.startswith("__Host-")]) == 8
    assert visitor.get(location).title == "You are connected"


@pytest.mark.parametrize("script", SCRIPTS)
def test_text_from_an_address_is_on_no_page(site: AttackedSite, script: str) -> None:
    text, visitor = quote(script, safe=""), site.visitor()
    paths = [
        f"/connect/{text}",
        f"/connect?auth_type={text}&auth_type={text}",
        f"/data-deletion/{text}",
        f"/callback?state={text}",
        f"/callback?code={text}",
        f"/callback?{text}={text}",
    ]
    link = site.link("text")  # its failed logins are counted apart from those of the public link
    for name in ("code", "error", "error_code", "error_reason", "error_description", "error_message"):
        state = state_of(site.start(visitor, link=link))
        paths.append(f"/callback?state={state}&{name}={text}")
    for path in paths:
        answer = visitor.get(path)
        assert script not in answer.body
        if answer.header("Content-Type") != "application/json":  # the gateway's own, where there is no such route
            assert answer.header("Content-Type") == "text/html; charset=utf-8"
            page = assert_inert(site, answer)
            assert script not in "".join(page.texts)
    for path in (f"/connect/{text}", f"/connect?auth_type={text}"):
        assert_inert(site, visitor.get(path, CRAWLER))


@pytest.mark.parametrize("script", SCRIPTS)
def test_business_name_is_only_text(site: AttackedSite, new_person: NewPerson, script: str) -> None:
    person, visitor = new_person(name=script, phone=script), site.visitor()
    answer = visitor.get(site.log_in(visitor, person.key))
    assert answer.title == "You are connected"
    page = assert_inert(site, answer)
    assert {script[:40], f"({script})"} <= set(page.texts)


def test_cookie_value_is_not_an_address(site: AttackedSite) -> None:
    """The way back to a link is in the browser's cookie, which somebody else may have written."""
    visitor = Visitor(site.visitor().port, site.host)
    link = site.link("cookie-address")
    state = state_of(site.start(visitor, link=link))
    (name,) = (name for name in visitor.cookies if name.startswith("__Host-connect-"))
    for words in (*SCRIPTS, "/evil.example", "//evil.example", "../callback?code=1", "\\evil.example"):
        visitor.cookies[name] = f"x.{words}".replace(";", "%3B")
        answer = visitor.get(f"/callback?state={state}&code=x")
        assert answer.status == 400
        assert_inert(site, answer)
        assert answer.button == ""
