"""Make the folders to measure: the built artifact, the floor to compare it with, and Lambda's runtime."""

import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.execution import compile_all, make_runtime, without_bytecode
from local import sam
from local.place import template

FLOOR = '''"""As little as a function can be that calls DynamoDB and logs."""

import boto3
from aws_lambda_powertools import Logger

logger = Logger()
dynamodb = boto3.client("dynamodb")


def handler(event, context):
    return {}
'''
_FLOOR_IMPORTS = ("aws_lambda_powertools", "jmespath", "typing_extensions.py")
_SDK = ("botocore", "dateutil", "jmespath", "six.py", "urllib3")


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders that are used as /var/task and /var/runtime."""

    built: Path
    """The artifact of `sam build`."""
    uncompiled: Path
    """The artifact without bytecode."""
    lean: Path
    """The artifact without its SDK, so that the runtime's is used."""
    lean_uncompiled: Path
    floor: Path
    floor_compiled: Path
    runtime: Path
    """The runtime without bytecode."""
    runtime_compiled: Path

    @classmethod
    def make(cls, folder: Path) -> "Folders":
        sam.build(folder)
        built = template(folder).parent / "CallbackFunction"
        uncompiled = without_bytecode(built, folder / "uncompiled")
        lean = shutil.copytree(built, folder / "lean")
        for name in set(_SDK) - {"jmespath"}:  # which Powertools needs, too
            path = lean / name
            path.unlink() if path.is_file() else shutil.rmtree(path)
        floor = folder / "floor"
        floor.mkdir()
        for name in _FLOOR_IMPORTS:
            source = uncompiled / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, floor / name)
        (floor / "floor.py").write_text(FLOOR)
        floor_compiled = shutil.copytree(floor, folder / "floor-compiled")
        compile_all(floor_compiled)
        return cls(
            built=built,
            uncompiled=uncompiled,
            lean=lean,
            lean_uncompiled=without_bytecode(lean, folder / "lean-uncompiled"),
            floor=floor,
            floor_compiled=floor_compiled,
            runtime=make_runtime(folder / "runtime", compiled=False),
            runtime_compiled=make_runtime(folder / "runtime-compiled", compiled=True),
        )


def zipped_bytes(folder: Path) -> int:
    """Return the size of a folder as a zip file, as it is sent to Lambda, in bytes."""
    packed = folder.with_name(f"{folder.name}.zip")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in folder.rglob("*"):
            archive.write(path, path.relative_to(folder))
    size = packed.stat().st_size
    packed.unlink()
    return size


def unzipped_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
