"""Write the software bill of materials (SBOM) of the built functions, in CycloneDX format.

It lists every distribution that is deployed and every file of this project.
"""

from hashlib import sha256
from importlib.metadata import Distribution, distributions
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License, LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from local.place import BUILD, ROOT
from whatsapp_connect.version import VERSION

SBOM = BUILD / "bom.cdx.json"
_NAME = "whatsapp-connect-stack"
LOCK = ROOT / "functions" / "requirements.txt"


def write(artifact: Path, path: Path = SBOM) -> None:
    """Write the bill of materials of a built function's folder. The same folder gives the same bytes."""
    bom = _bom(artifact)
    # The library would write the time and a random number, which differ in every build.
    bom.metadata.timestamp = None  # type: ignore[assignment]
    content = JsonV1Dot6(bom).output_as_string(indent=2)
    bom.serial_number = uuid5(NAMESPACE_URL, content.replace(str(bom.serial_number), ""))
    path.write_text(JsonV1Dot6(bom).output_as_string(indent=2) + "\n")


def hashes_in(lock: str) -> dict[str, list[str]]:
    """Return the SHA-256 hashes in a requirements file, by the name of the distribution."""
    found: dict[str, list[str]] = {}
    for entry in lock.replace("\\\n", " ").splitlines():
        words = entry.split()
        if words and not entry.startswith(("#", " ")):
            name = canonicalize_name(words[0].partition("==")[0])
            found[name] = [word.removeprefix("--hash=sha256:") for word in words if word.startswith("--hash=")]
    return found


def _bom(artifact: Path) -> Bom:
    bom = Bom()
    installed = sorted(distributions(path=[str(artifact)]), key=lambda one: one.name.lower())
    allowed = hashes_in(LOCK.read_text())
    components = {canonicalize_name(one.name): _component(one, allowed) for one in installed}
    theirs = {artifact / file for one in installed for file in one.files or []}
    bom.metadata.component = application = _application(artifact, theirs)
    for component in components.values():
        bom.components.add(component)
    needed: set[str] = set()
    for one in installed:
        names = [canonicalize_name(requirement.name) for requirement in _requirements(one)]
        needed.update(names)
        bom.register_dependency(
            components[canonicalize_name(one.name)],
            [components[name] for name in names if name in components],
        )
    bom.register_dependency(application, [one for name, one in components.items() if name not in needed])
    return bom


def _application(artifact: Path, theirs: set[Path]) -> Component:
    """Return the component of this project, with those files that belong to no distribution."""
    files = [path for path in sorted(artifact.rglob("*.py")) if path not in theirs]
    return Component(
        type=ComponentType.APPLICATION,
        name=_NAME,
        version=VERSION,
        description="Connects WhatsApp Business accounts, and keeps a working token for each of them in Parameter Store.",
        licenses=[LicenseExpression("MIT")],
        bom_ref=_NAME,
        components=[
            Component(
                type=ComponentType.FILE,
                name=str(path.relative_to(artifact)),
                bom_ref=str(path.relative_to(artifact)),
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sha256(path.read_bytes()).hexdigest())],
            )
            for path in files
        ],
    )


def _component(one: Distribution, allowed: dict[str, list[str]]) -> Component:
    purl = PackageURL("pypi", name=canonicalize_name(one.name), version=one.version)
    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=each) for each in allowed[canonicalize_name(one.name)]]
    return Component(
        type=ComponentType.LIBRARY,
        name=one.name,
        version=one.version,
        purl=purl,
        bom_ref=str(purl),
        licenses=[_license(one)],
        # pip does not record which of the files in requirements.txt it installed, so all of their hashes are listed.
        external_references=[
            ExternalReference(type=ExternalReferenceType.DISTRIBUTION, url=XsUri(str(purl)), hashes=hashes)
        ],
    )


def _license(one: Distribution) -> License:
    return LicenseFactory().make_from_string(one.metadata.get("License-Expression") or one.metadata["License"])


def _requirements(one: Distribution) -> list[Requirement]:
    """Return the requirements of a distribution that apply to this Python, without extras."""
    wanted = [Requirement(text) for text in one.requires or []]
    return [each for each in wanted if each.marker is None or each.marker.evaluate({"extra": ""})]
