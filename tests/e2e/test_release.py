"""A release: the ZIP of the stack deploys without this repository, and takes the place of another while people log in."""

import py_compile
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Event
from zipfile import ZipFile

import pytest
import requests

from local.deployment import Deployment, complete, make_bucket
from local.place import template
from local.port import claim
from local.proxy import Proxy
from local.stack import Stack
from tests.e2e.examples.service import deployer
from tests.e2e.neighbour import Neighbour
from tests.support.docs import ROOT, blocks, run_blocks
from tests.support.people import MARIA
from tests.support.source import load
from whatsapp_connect.languages.en import LANGUAGE
from whatsapp_connect.version import VERSION

pytestmark = pytest.mark.emulator

TEXTS = LANGUAGE.texts
NEXT = "999.0.0"
WORKERS = 2
GOOD_ENDS = {TEXTS["connected.title"], TEXTS["accounts-unknown.title"], TEXTS["link-used.title"]}
PEOPLE = ("maria", "jonas", "priya")


@pytest.fixture(scope="module")
def release(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the ZIP, unpacked outside of the checkout."""
    folder = tmp_path_factory.mktemp("release")
    built = template(stack.directory).parent / "CallbackFunction"
    path: Path = load(ROOT / ".ci/dist.py").build_stack(VERSION, built, folder)
    with ZipFile(path) as archive:
        archive.extractall(folder)
    return path.with_suffix("")


@pytest.fixture(scope="module")
def next_release(release: Path) -> Path:
    """Return a copy of the release with another version."""
    folder = release.with_name("next")
    shutil.copytree(release, folder)
    for path in (folder / "template.yaml", folder / "functions/whatsapp_connect/version.py"):
        text = path.read_text()
        assert VERSION in text
        path.write_text(text.replace(VERSION, NEXT))
    compiled = folder / "functions/whatsapp_connect/__pycache__/version.cpython-313.pyc"
    py_compile.compile(
        str(path), cfile=str(compiled), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH, doraise=True
    )
    return folder


class Released(Neighbour):
    """A stack that is deployed from the folder of a release, with the commands of the page."""

    def __init__(self, stack: Stack, folder: Path, *, base_url: str) -> None:
        self.folder = folder
        super().__init__(stack, "released", base_url=base_url, app_id="5550017")

    def deploy(self, **parameters: str) -> Deployment:
        (commands,) = [block for block in blocks("docs/install.md", "sh") if "cloudformation deploy" in block.text]
        unpack = "".join(commands.text.splitlines(keepends=True)[:2])
        values = " ".join(f"{name}='{value}'" for name, value in (self.parameters | parameters).items())
        run_blocks(
            [commands],
            folder=self.folder,
            environ=deployer(self) | {"BUCKET": make_bucket(self.stack.emulator), "HOME": str(self.folder.parent)},
            instead={
                unpack: "\n\n",
                "--stack-name whatsapp-connect": f"--stack-name {self.name}",
                'MetaAppId="$META_APP_ID"': values,
            },
        )
        return complete(self.stack.emulator, name=self.name)

    def update_to(self, folder: Path) -> None:
        self.folder = folder
        self.deployment = self.deploy()

    @property
    def version(self) -> str:
        """The version of the functions that answer."""
        home = requests.get(f"{self.base_url}/", timeout=30).text
        (version,) = re.findall(r'content="WhatsApp Connect ([^"]*)"', home)
        return str(version)


@pytest.fixture(scope="module")
def released(stack: Stack, release: Path) -> Iterator[Released]:
    port = claim(0, variable="CONNECT_PORT")
    released = Released(stack, release, base_url=f"http://localhost:{port}")
    with Proxy(port=port, emulator_port=stack.emulator.port, api_id=released.resources["Api"]):
        yield released


def test_the_zip_deploys_without_the_repository(released: Released) -> None:
    assert released.outputs["Version"] == VERSION
    assert released.connect("maria").status_code == 200
    released.wait_until_published(MARIA)
    assert released.token(MARIA)


class Crowd:
    """People who log in, one after the other, each by a link of their own. Every login is seen to its end.

    The emulator stops a function that is at work when its code changes, and the gateway answers 502. AWS lets it end. Whoever
    sees that follows the link once more.
    """

    def __init__(self, stack: Released) -> None:
        self._stack = stack
        self._numbers = count()
        self._stopping = Event()
        self.ends: dict[str, str] = {}
        """Heading of the last page, by connection ID."""

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Log people in during the block. At its end, wait for those who are under way."""
        self._stopping.clear()
        with ThreadPoolExecutor(WORKERS) as pool:
            workers = [pool.submit(self._work) for _ in range(WORKERS)]
            try:
                yield
            finally:
                self._stopping.set()
            for worker in workers:
                worker.result()

    def log_in(self) -> None:
        number = next(self._numbers)
        connection_id = f"crowd-{number}"
        person, link = PEOPLE[number % len(PEOPLE)], self._stack.link(connection_id)
        page = self._stack.connect(person, link)
        if page.status_code == 502:
            page = self._stack.connect(person, link)
        (heading,) = re.findall("<h1>(.*?)</h1>", page.text) or [page.text[:100]]
        self.ends[connection_id] = heading

    def _work(self) -> None:
        while not self._stopping.is_set():
            self.log_in()


def test_nothing_is_lost_while_another_release_takes_its_place_and_back(
    released: Released, release: Path, next_release: Path
) -> None:
    crowd = Crowd(released)
    released.wait_until_published(MARIA)
    token = released.token(MARIA)
    for folder, version in ((next_release, NEXT), (release, VERSION)):
        with crowd.at_work():
            released.update_to(folder)
            assert MARIA in released.connection_ids()
            released.check(MARIA)
        crowd.log_in()
        assert (released.outputs["Version"], released.version) == (version, version)
    assert set(crowd.ends.values()) <= GOOD_ENDS
    for connection_id in crowd.ends:
        released.wait_until_published(connection_id)
        assert released.token(connection_id)
    assert released.token(MARIA) == token
    assert len(released.connection_ids()) == len(crowd.ends) + 1
    for queue in ("CheckFailures", "AlertFailures"):
        asked = released.client("sqs").get_queue_attributes(
            QueueUrl=released.resources[queue], AttributeNames=["ApproximateNumberOfMessages"]
        )
        assert asked["Attributes"]["ApproximateNumberOfMessages"] == "0", queue
