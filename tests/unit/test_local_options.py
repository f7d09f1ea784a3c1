"""The ports of a local stack."""

from pathlib import Path

import pytest

from local.options import Options
from local.place import STATE


def _ports(options: Options) -> tuple[int, ...]:
    return options.port, options.facebook_port, options.emulator_port, options.start_api_port


def test_stack_in_another_folder_takes_free_ports(tmp_path: Path) -> None:
    assert _ports(Options.from_environ({}, tmp_path)) == (0, 0, 0, 0)
    assert all(_ports(Options.from_environ({}, STATE)))


@pytest.mark.parametrize("directory", [STATE, STATE / "second"])
def test_named_port_is_taken_in_every_folder(directory: Path) -> None:
    assert Options.from_environ({"CONNECT_PORT": "3005"}, directory).port == 3005
