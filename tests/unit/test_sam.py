"""What the local runner makes of a SAM CLI that fails."""

from pathlib import Path

import pytest

from local import sam
from local.error import LocalError


@pytest.mark.parametrize(
    ("printed", "reason"),
    [
        (
            "Building ...\\nError: PythonPipBuilder:None - no such package.\\n\\nNote: a hint",
            "no such package.",
        ),
        ("Traceback\\nKeyError: 'x'\\n", "KeyError: 'x'."),
        ("", "there is no output."),
    ],
)
def test_failed_build_is_reported_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, printed: str, reason: str
) -> None:
    failing = tmp_path / "sam"
    failing.write_text(f'#!/bin/sh\nprintf "{printed}"\nexit 1\n')
    failing.chmod(0o755)
    monkeypatch.setattr(sam, "SAM", failing)
    with pytest.raises(LocalError) as failure:
        sam.build(tmp_path / "stack")
    message = str(failure.value)
    assert message.startswith("sam build failed: ")
    assert message.endswith(f"{reason} See {tmp_path}/stack/build.log.")


def test_the_developers_own_aws_account_stays_out_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "secret")
    environment = sam.environment()
    assert {name: value for name, value in environment.items() if name.startswith("AWS_")} == {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
    }
