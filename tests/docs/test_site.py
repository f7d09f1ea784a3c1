"""The site of the documentation, as `make docs` builds it: every page is there, and every link, picture and search works."""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from posixpath import normpath
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, Route

from tests.support.docs import ROOT, blocks, files, pages

pytestmark = pytest.mark.node

FIRST = "docs/README.html"
READERS = ["Connect people", "Read tokens", "Operate", "Develop", "Security"]
PAGES = [page for page in pages() if not page.startswith(".github/")]
WITH_DIAGRAMS = {page: len(found) for page in PAGES if (found := blocks(page, "mermaid"))}
URL = "https://docs.example/"
OWNER = "acme"


def build(folder: Path, **environ: str) -> Path:
    """Build the site as it is on a developer's machine, or with the variables of the workflow."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "SITE_", "MAKE"))}
    built = subprocess.run(
        ["make", "docs", f"SITE={folder}"], cwd=ROOT, env=own | environ, check=False, capture_output=True, text=True
    )
    assert built.returncode == 0, built.stderr
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("site") / "site")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the site of a tag, as the workflow builds it."""
    folder = tmp_path_factory.mktemp("published") / "site"
    return build(folder, GITHUB_REPOSITORY=f"{OWNER}/connect", SITE_VERSION="v1.2.3")


@dataclass
class Html(HTMLParser):
    """What a page refers to."""

    path: Path
    links: list[str] = field(default_factory=list)
    content: list[str] = field(default_factory=list)
    """The links in the text, without menus."""
    loaded: list[str] = field(default_factory=list)
    images: list[dict[str, str]] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    captions: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._article = False
        self._caption = False
        self.feed(self.path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = {name: value or "" for name, value in attrs}
        self._article = self._article or tag == "article"
        self._caption = "caption-text" in about.get("class", "")
        self.anchors.add(about.get("id", ""))
        if tag == "a" and "href" in about:
            self.links.append(about["href"])
            if self._article:
                self.content.append(about["href"])
        elif tag == "img":
            self.images.append(about)
        elif tag == "link" and about.get("rel") not in {"search", "index", "next", "prev"}:
            self.loaded.append(about["href"])
        if "src" in about:
            self.loaded.append(about["src"])

    def handle_endtag(self, tag: str) -> None:
        self._article = self._article and tag != "article"

    def handle_data(self, data: str) -> None:
        if self._caption:
            self.captions.append(data)
        self._caption = False


@cache
def read(path: Path) -> Html:
    return Html(path)


def built_pages(site: Path) -> list[Path]:
    return [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]


def target(page: Path, link: str) -> Path:
    """Return the file to which a link of a page leads."""
    path = unquote(urlsplit(link).path)
    return Path(normpath(page.parent / path)) if path else page


def is_internal(link: str) -> bool:
    return not urlsplit(link).scheme and not link.startswith("//")


def html_of(page: str) -> str:
    return str(PurePosixPath(page).with_suffix(".html"))


def test_first_page_leads_each_reader_to_every_page_within_two_clicks(site: Path) -> None:
    assert f'content="0; url={FIRST}"' in (site / "index.html").read_text()
    clicks = {site / FIRST: 0}
    for path in (waiting := [site / FIRST]):
        for link in read(path).links:
            to = target(path, link)
            if is_internal(link) and to.suffix == ".html" and to not in clicks:
                clicks[to] = clicks[path] + 1
                waiting.append(to)
    found = {str(path.relative_to(site)): number for path, number in clicks.items()}
    assert {page: found.get(html_of(page)) for page in PAGES if found.get(html_of(page), 99) > 2} == {}


def test_first_page_names_every_page_and_every_kind_of_reader(site: Path) -> None:
    first = read(site / FIRST)
    named = {target(first.path, link) for link in first.content if is_internal(link)}
    assert {site / html_of(page) for page in PAGES} == named | {first.path}
    assert first.captions == ["Begin", *READERS]


def test_menu_is_on_every_page(site: Path) -> None:
    for page in PAGES:
        path = site / html_of(page)
        menu = {target(path, link) for link in read(path).links if is_internal(link)}
        assert {site / html_of(other) for other in PAGES} <= menu, page


@pytest.mark.parametrize("kind", ["site", "published"])
def test_every_link_and_anchor_leads_to_what_exists(kind: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(kind)
    broken = []
    for path in built_pages(folder):
        for link in filter(is_internal, read(path).links):
            to = target(path, link)
            anchor = unquote(urlsplit(link).fragment)
            if not to.is_file() or (anchor and to.suffix == ".html" and anchor not in read(to).anchors):
                broken.append(f"{path.relative_to(folder)}: {link}")
    assert broken == []


def test_every_picture_exists_and_is_described(site: Path) -> None:
    shown = {path: read(path).images for path in built_pages(site)}
    assert sum(map(len, shown.values())) >= 6
    for path, images in shown.items():
        for image in images:
            assert target(path, image["src"]).is_file(), image
            assert len(image.get("alt", "").split()) > 2, image


def test_nothing_is_loaded_from_elsewhere(site: Path, published: Path) -> None:
    for folder in (site, published):
        for path in built_pages(folder):
            assert all(target(path, one).is_file() for one in read(path).loaded if is_internal(one)), path
            assert [one for one in read(path).loaded if not is_internal(one)] == [], path
        for style in folder.rglob("*.css"):
            assert not re.search(r"(@import |url\()['\"]?(https?:)?//", style.read_text()), style


@pytest.mark.parametrize("kind", ["site", "published"])
def test_schemas_and_reasons_are_on_the_site(kind: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(kind)
    linked = {target(path, link) for path in built_pages(folder) for link in read(path).links if link.endswith(".json")}
    copies = {path.name: path.read_bytes() for path in linked if path.is_file()}
    data = [
        ROOT / name for name in files() if name.startswith("docs/") and name.endswith((".schema.json", "reasons.json"))
    ]
    assert len(data) > 20
    for path in data:
        assert copies.get(path.name) == path.read_bytes(), path


def test_published_site_leads_to_the_sources_of_its_version(published: Path) -> None:
    repository = f"https://github.com/{OWNER}/connect"
    links = {link for path in built_pages(published) for link in read(path).links}
    sources = {link for link in links if link.startswith((f"{repository}/blob/", f"{repository}/tree/"))}
    assert len(sources) > 10
    for link in sources:
        version, _, path = link.removeprefix(f"{repository}/blob/").removeprefix(f"{repository}/tree/").partition("/")
        assert version == "v1.2.3"
        assert (ROOT / path).exists(), path
    assert not [path for path in built_pages(published) if "&lt;owner&gt;" in path.read_text()]


def test_published_site_has_a_list_of_versions(site: Path, published: Path) -> None:
    page = (published / FIRST).read_text()
    assert f"theme_switcher_json_url = 'https://{OWNER}.github.io/connect/versions.json'" in page
    assert "theme_switcher_version_match = 'v1.2.3'" in page
    assert "theme_switcher" not in (site / FIRST).read_text()


# In a browser


@pytest.fixture
def page(site: Path, browser: Browser) -> Iterator[Page]:
    """Open the site at URL. What it loads from elsewhere, and errors of its scripts, fail the test."""
    unexpected: list[str] = []

    def answer(route: Route) -> None:
        path = site / urlsplit(route.request.url).path.lstrip("/")
        if not route.request.url.startswith(URL):
            unexpected.append(route.request.url)
        if path.is_file():
            route.fulfill(path=path)
        else:
            route.abort()

    context = browser.new_context(viewport={"width": 390, "height": 780})
    context.route("**/*", answer)
    page = context.new_page()
    page.on("pageerror", lambda error: unexpected.append(str(error)))
    yield page
    context.close()
    assert unexpected == []


@pytest.mark.browser
@pytest.mark.parametrize(
    ("word", "expected"),
    [("reconnect", "docs/links.html"), ("retention", "docs/operations.html"), ("code 190", "examples/README.html")],
)
def test_search_finds_the_page(page: Page, word: str, expected: str) -> None:
    page.goto(f"{URL}index.html")
    page.wait_for_url(f"{URL}{FIRST}")
    page.get_by_role("button", name="Search").first.click()
    page.get_by_role("searchbox").fill(word)
    page.keyboard.press("Enter")
    page.locator(f'#search-results a[href*="{expected}"]').first.wait_for()


@pytest.mark.browser
@pytest.mark.parametrize("name", WITH_DIAGRAMS)
def test_diagrams_are_drawn_in_both_color_schemes(page: Page, name: str) -> None:
    page.goto(URL + html_of(name))
    diagrams = page.locator(".diagram svg")
    diagrams.nth(WITH_DIAGRAMS[name] - 1).wait_for()
    assert page.locator(".highlight-mermaid").count() == 0
    light = diagrams.last.locator("text").first.evaluate("text => getComputedStyle(text).fill")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_function(
        """light => [...document.querySelectorAll(".diagram svg")].every(
            (svg) => getComputedStyle(svg.querySelector("text")).fill !== light)""",
        arg=light,
    )


@pytest.mark.browser
@pytest.mark.parametrize("name", [FIRST, *map(html_of, WITH_DIAGRAMS), "docs/cli.html"])
def test_people_with_a_disability_can_use_the_site(page: Page, name: str) -> None:
    page.goto(URL + name)
    page.wait_for_function("!document.querySelector('.highlight-mermaid')")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in {"serious", "critical"}] == []


@pytest.mark.browser
def test_pages_fit_a_phone(site: Path, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 780})
    context.route(f"{URL}**", lambda route: route.fulfill(path=site / urlsplit(route.request.url).path.lstrip("/")))
    context.route("**/*.js*", lambda route: route.abort())  # they take most of the time
    page = context.new_page()
    for name in PAGES:
        page.goto(URL + html_of(name))
        # Only tables, code and diagrams scroll, each by itself.
        assert page.locator(".bd-article-container").evaluate("text => text.scrollWidth - text.clientWidth") == 0, name
    context.close()
