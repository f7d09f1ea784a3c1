"""How Sphinx makes a site of the pages in this repository: `make docs`.

Every page has the path on the site that it has in the repository, so its links work in both. docs/README.md is the first
page, and the lists in it are the menu.
"""

import os
import re
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from pygments.lexers.special import TextLexer
from sphinx import addnodes
from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "functions"))
from whatsapp_connect.version import VERSION  # noqa: E402

REPOSITORY = os.environ.get("GITHUB_REPOSITORY", "")
"""Owner and name on GitHub; "" on a developer's machine."""
SITE_VERSION = os.environ.get("SITE_VERSION", "latest")
"""The folder that this site will have among the sites of other versions: a tag, or latest."""

project = "WhatsApp Connect"
release = VERSION
extensions = ["myst_parser"]
root_doc = "docs/README"
include_patterns = [
    "*.md",
    "docs/*.md",
    "docs/events/*.md",
    "cli/README.md",
    "clients/*/README.md",
    "simulator/README.md",
    "examples/README.md",
    "examples/*/README.md",
]
exclude_patterns = [".*", "**/node_modules", "build", "dist"]  # folders in which no page is looked for

myst_heading_anchors = 6  # headings have the anchors that GitHub gives them
myst_enable_extensions = ["html_image", "linkify"]
myst_linkify_fuzzy_links = False  # an address without https:// is no link on GitHub
highlight_language = "text"
smartquotes = False  # commands in the text stay as they are

html_theme = "pydata_sphinx_theme"
html_title = project
html_copy_source = False
html_static_path = ["static", "node_modules/@mermaid-js/tiny/dist"]
html_css_files = ["site.css"]
html_js_files = ["diagrams.js"]
html_extra_path = ["index.html"]
templates_path = ["templates"]
html_sidebars = {"**": ["menu.html"]}
html_theme_options: dict[str, Any] = {
    "navbar_center": [],
    "show_prev_next": False,
    "footer_start": [],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
}
if REPOSITORY:
    owner, _, name = REPOSITORY.partition("/")
    html_theme_options |= {
        "github_url": f"https://github.com/{REPOSITORY}",
        "navbar_end": ["version-switcher", "theme-switcher", "navbar-icon-links"],  # a phone has them in its menu
        "switcher": {
            "json_url": f"https://{owner.lower()}.github.io/{name}/versions.json",
            "version_match": SITE_VERSION,
        },
        "check_switcher": False,  # the file is written after the last version is built
        "show_version_warning_banner": True,
    }


def read_source(_: Sphinx, page: str, source: list[str]) -> None:
    """Name the repository, and make a menu of the first page's lists."""
    if REPOSITORY:
        source[0] = source[0].replace("<owner>/<repository>", REPOSITORY)
    if page == root_doc:
        source[0] += menu(source[0])


def menu(page: str) -> str:
    """Return a hidden table of contents for each section of a page, with the links in it."""
    found = ""
    seen: set[str] = set()
    for section in re.split(r"(?m)^## ", page)[1:]:
        links = [
            (text, path) for text, path in re.findall(r"\[([^\]]+)\]\(([^)#:]+\.md)\)", section) if path not in seen
        ]
        seen |= {path for _, path in links}
        entries = "\n".join(f"{text} <{path}>" for text, path in links)
        found += f"\n```{{toctree}}\n:hidden:\n:caption: {section.partition('\n')[0]}\n{entries}\n```\n"
    return found


def read_links(app: Sphinx, document: nodes.document) -> None:
    """Lead from a folder to its page, and from other files to GitHub. Without a repository, the site has copies of the files."""
    page = app.env.current_document.docname
    for link in list(document.findall(addnodes.pending_xref)):
        folder, path = app.env.relfn2path(link["reftarget"], page)
        if link["refdomain"] is None and Path(path, "README.md").is_file():
            link.attributes |= {"refdomain": "doc", "reftarget": f"{folder}/README", "reftargetid": None}
        elif link["refdomain"] is None and Path(path).is_dir():
            link.replace_self(on_github("tree", folder, link.children))
    for link in list(document.findall(addnodes.download_reference)):
        file, _ = app.env.relfn2path(link["reftarget"], page)
        if REPOSITORY and not file.endswith(".json"):  # programs read schemas and reasons from the site
            link.replace_self(on_github("blob", file, link.children))


def on_github(kind: str, path: str, text: list[nodes.Node]) -> nodes.Element:
    """Return a link to a file or folder of this version; the text alone if the repository is not known."""
    if not REPOSITORY:
        return nodes.inline("", "", *text)
    version = "HEAD" if SITE_VERSION == "latest" else SITE_VERSION
    return nodes.reference("", "", *text, refuri=f"https://github.com/{REPOSITORY}/{kind}/{version}/{path}")


def setup(app: Sphinx) -> None:
    app.add_lexer("mermaid", TextLexer)  # static/diagrams.js draws them
    app.connect("source-read", read_source)
    app.connect("doctree-read", read_links, priority=1)  # before Sphinx copies what is downloaded
