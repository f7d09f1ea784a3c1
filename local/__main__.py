"""Run `python -m local`, which is behind `make run`, `make invoke`, `make start-api` and `make build`."""

import argparse
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from botocore.exceptions import BotoCoreError

from local import container, reasons, sam, sbom, welcome
from local.error import LocalError
from local.folder import FolderInUseError
from local.options import Options
from local.place import BUILD, STATE, shown
from local.stack import Stack


def main() -> int:
    """Run the command that the command line names, and return the exit code."""
    arguments = _parser().parse_args()
    # Both signals raise KeyboardInterrupt, so that the context managers stop everything that was started.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        code: int = arguments.run(arguments)
    except LocalError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description="WhatsApp Connect on this machine.")
    parser.set_defaults(run=_run)
    parser.add_argument(
        "--directory", type=_absolute, default=STATE, help="folder for logs and other files (%(default)s)"
    )
    commands = parser.add_subparsers(title="commands", description="without a command: run the whole stack")
    build = commands.add_parser("build", help="build the functions into .aws-sam/build")
    build.set_defaults(run=_build)
    invoke = commands.add_parser("invoke", help="run one function in Docker")
    invoke.add_argument("function", help="logical id of the function")
    invoke.add_argument("--event", type=Path, required=True, help="JSON file with the function's input")
    invoke.set_defaults(run=_invoke)
    start_api = commands.add_parser("start-api", help="serve the functions from Docker")
    start_api.set_defaults(run=_start_api)
    make_reasons = commands.add_parser("reasons", help="write docs/reasons.md and docs/reasons.json")
    make_reasons.set_defaults(run=_write_reasons)
    return parser


def _absolute(path: str) -> Path:
    return Path(path).resolve()


def _run(arguments: argparse.Namespace) -> int:
    with Stack.start(Options.from_environ(os.environ, arguments.directory), say=_say) as stack:
        _say(welcome.describe(stack))
        try:
            while True:
                for announcement in stack.announcements():
                    _say(str(announcement))
        except BotoCoreError as error:
            log = stack.directory / "emulator.log"
            raise LocalError(f"The AWS emulator has stopped. See {shown(log)}.") from error


def _build(arguments: argparse.Namespace) -> int:
    sam.build(arguments.directory)
    sbom.write(BUILD / "AuthorizeFunction")
    return 0


def _write_reasons(_: argparse.Namespace) -> int:
    reasons.write()
    return 0


def _invoke(arguments: argparse.Namespace) -> int:
    event = arguments.event.resolve()
    if not event.is_file():
        raise LocalError(f"There is no file {arguments.event}. The folder events/ has an event for each function.")
    with _stack_for_docker(arguments.directory) as directory:
        return container.run(container.invoke_command(arguments.function, event, directory), directory)


def _start_api(arguments: argparse.Namespace) -> int:
    with _stack_for_docker(arguments.directory) as directory:
        _say(f"\n  Connect link    {container.start_api_url(directory)}/connect\n")
        return container.run(container.start_api_command(directory), directory)


@contextmanager
def _stack_for_docker(directory: Path) -> Iterator[Path]:
    """Return the folder of the running stack, or start a stack and stop it at the end."""
    container.check_engine()
    try:
        stack = Stack.start(Options.from_environ(os.environ, directory), say=_say)
    except FolderInUseError as error:
        if not container.has_variables(directory):
            raise LocalError("The local stack is still starting. Wait until it prints the connect link.") from error
        yield directory
        return
    with stack:
        yield directory


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
