"""Commands in the text of the pages, in transcripts, and in what the programs print, are commands that exist."""

import ast
import importlib.util
import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import pytest
from awscli.clidriver import CLIOperationCaller, create_clidriver  # type: ignore[import-untyped]
from botocore.session import get_session
from botocore.validate import ParamValidator

from tests.support.docs import ROOT, blocks, inline_code, pages, read
from whatsapp_connect_cli.app import program

PROGRAM = "whatsapp-connect"
PLACEHOLDERS = {
    "WABA_ID": "300000000000001",
    "BUSINESS_ID": "200000000000001",
    "NUMBER": "400000000000001",
    "N": "0",
    "LINK": "89b608c9f2f8d1a0",
    "PHONE": "+12025550123",
}
"""Valid values by the placeholders that stand for them. Others stand for any text."""
_PLACEHOLDER = re.compile(r"[A-Z][A-Z_]*|[0-9]{4,}|(\{\w+\})+")
TARGETS = set(re.findall(r"(?m)^([a-z-]+):", read("Makefile")))


# whatsapp-connect


def without_callbacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(click.Command, "invoke", lambda _, __: None)


def problem(arguments: Sequence[str], *, may_be_a_name: bool = False) -> str:
    """Return why the program would refuse these arguments; "" if it takes them.

    With `may_be_a_name`, a command without any argument is the name of the command, also if it needs arguments.
    """
    filled = [PLACEHOLDERS.get(one, one) for one in arguments]
    try:
        program.main(filled, prog_name=PROGRAM, standalone_mode=False)
    except click.exceptions.MissingParameter as error:
        return (
            "" if may_be_a_name and all(re.fullmatch("[a-z-]+", one) for one in arguments) else error.format_message()
        )
    except click.exceptions.NoArgsIsHelpError:
        return "" if may_be_a_name else "a group without a command"
    except click.ClickException as error:
        return error.format_message()
    return ""


def commands_in_line(line: str) -> Iterator[list[str]]:
    """Yield the arguments of the program's calls in a line of a shell."""
    lexer = shlex.shlex(line.rstrip("\\"), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    call: list[str] = []
    for word in [*lexer, ";"]:
        if not set(word) <= set("();<>|&"):
            call.append(word)
            continue
        if call and "=" not in call[0] and call[0].rpartition("/")[2] == PROGRAM:
            yield call[1:]
        call = []


def commands_in_prose(text: str) -> Iterator[list[str]]:
    """Yield the commands in a sentence: the name of a command, then its options and placeholders."""
    for rest in re.split(rf"(?<![/\w`-]){PROGRAM} (?=[a-z])", text)[1:]:
        words = rest.split()
        command: click.Command = program
        arguments = []
        while words and isinstance(command, click.Group):
            word = words.pop(0)
            arguments.append(word.rstrip(".,;:)`'"))
            command = command.commands.get(arguments[-1], click.Command("unknown"))
            if word != arguments[-1]:
                words = []
        options = {name: one for one in command.params for name in one.opts}
        while words:
            word = words.pop(0)
            name = word.rstrip(".,;:)`'")
            if not name.startswith("--") and not _PLACEHOLDER.fullmatch(name):
                break
            arguments.append(name)
            option = options.get(name)
            if isinstance(option, click.Option) and not option.is_flag and words:
                arguments.append(words.pop(0).rstrip(".,;:)`'"))
            if word != name:
                break
        yield [re.sub(r"\{\w+\}", "1234567890", one) for one in arguments]


def calls_in_pages() -> list[tuple[str, list[str], bool]]:
    """Return the calls in the pages: where, the arguments, and whether they may be a name only."""
    found: list[tuple[str, list[str], bool]] = []
    for page in pages():
        for block in blocks(page):
            lines = block.text.splitlines()
            if block.language != "sh":
                lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
            for line in lines:
                if PROGRAM in line and "'[" not in line:
                    found += [(page, call, False) for call in commands_in_line(line) if call]
        for code in inline_code(page):
            words = code.split()
            if words[0].rpartition("/")[2] == PROGRAM and len(words) > 1:
                found += [(page, call, True) for call in commands_in_line(code)]
            elif isinstance(program.commands.get(words[0]), click.Group) and len(words) > 1 and page != "CHANGELOG.md":
                found.append((page, shlex.split(code), True))  # without the program's name
    return found


CALLS = calls_in_pages()


@pytest.mark.parametrize(
    ("page", "arguments", "may_be_a_name"), CALLS, ids=[f"{page}-{' '.join(call)}" for page, call, _ in CALLS]
)
def test_call_in_a_page_is_understood(
    page: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch, *, may_be_a_name: bool
) -> None:
    without_callbacks(monkeypatch)
    assert problem(arguments, may_be_a_name=may_be_a_name) == ""


def texts(node: ast.AST) -> Iterator[str]:
    """Yield the texts of a program, with {value} in place of each value."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{value}" for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield "".join(next(texts(side), "{value}") for side in (left, right))
        case _:
            for child in ast.iter_child_nodes(node):
                yield from texts(child)


def calls_in_programs() -> list[tuple[str, list[str]]]:
    found = []
    for path in sorted(path for folder in ("cli", "functions", "local") for path in (ROOT / folder).rglob("*.py")):
        for text in texts(ast.parse(path.read_text())):
            found += [(str(path.relative_to(ROOT)), call) for call in commands_in_prose(text)]
    return found


PRINTED = calls_in_programs()


@pytest.mark.parametrize(
    ("path", "arguments"), PRINTED, ids=[f"{path}-{' '.join(arguments)}" for path, arguments in PRINTED]
)
def test_command_in_a_message_is_understood(path: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    without_callbacks(monkeypatch)
    assert problem(arguments, may_be_a_name=path.startswith("local/")) == ""


def test_each_option_on_the_page_of_the_command_line_exists() -> None:
    def options(command: click.Command) -> Iterator[str]:
        yield from (name for one in command.params for name in one.opts)
        if isinstance(command, click.Group):
            for each in command.commands.values():
                yield from options(each)

    named = {code.split()[0] for code in inline_code("docs/cli.md") if code.startswith("--")}
    assert len(named) > 10
    assert named <= set(options(program))


# AWS CLI


def aws_calls() -> list[tuple[str, str]]:
    """Return the calls with options, where they stand alone in a line or a table."""
    return [
        (page, code)
        for page in pages()
        for code in inline_code(page)
        if re.match(r"aws [a-z0-9-]+ [a-z-]+ --", code)
        and not code.startswith(
            ("aws logs tail", "aws cloudtrail validate-logs")
        )  # not in version 1; makes calls itself
    ]


@pytest.mark.parametrize(("page", "call"), aws_calls(), ids=[f"{page}-{call}" for page, call in aws_calls()])
def test_call_of_the_aws_cli_is_understood(
    page: str, call: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Parse it with the AWS CLI, and check its parameters with the AWS SDK. Nothing is sent."""
    session = get_session()
    reports: list[str] = []

    def check(_: object, service: str, operation: str, parameters: Mapping[str, Any], __: object) -> int:
        shape = session.get_service_model(service).operation_model(operation).input_shape
        assert shape
        reports.append(ParamValidator().validate(parameters, shape).generate_report())
        return 0

    monkeypatch.setattr(CLIOperationCaller, "invoke", check)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.chdir((ROOT / page).parent)  # where a file is that a call names
    call = re.split(r" && | \| ", call)[0]
    call = re.sub(r" --(cli-binary-format|profile) \S+", "", call)  # version 1 does not know the first one
    call = re.sub(r"\$\(\w+ \w+\)|\$stack", "value", call)
    code = create_clidriver().main(shlex.split(call)[1:])
    assert (code, reports) == (0, [""]), capsys.readouterr().err


# make and Python


def in_code(pattern: str) -> list[tuple[str, str]]:
    """Return what a pattern finds in the code of the pages, with the page."""
    return [
        (page, found)
        for page in pages()
        for code in (*inline_code(page), *(line for block in blocks(page, "sh") for line in block.text.splitlines()))
        for found in re.findall(pattern, code)
    ]


def test_each_target_of_make_exists() -> None:
    named = in_code(r"(?:^|&& )make(?: ([a-z][a-z-]*))?(?= |$)")
    assert len(named) > 20
    assert [(page, target) for page, target in named if target and target not in TARGETS] == []


def test_each_function_and_event_that_make_is_given_exists() -> None:
    functions = set(re.findall(r"(?m)^  (\w+Function):$", read("template.yaml")))
    named = in_code(r"FUNCTION=(\w+)") + in_code(r"sam local invoke (\w+)")
    assert named
    assert [(page, function) for page, function in named if function not in functions] == []
    events = in_code(r"(?:EVENT=|-e )(\S+)")
    assert events
    for _, event in events:
        json.loads(read(event))


def test_each_module_that_python_is_given_exists() -> None:
    modules = in_code(r"python(?:3\.13)? -m ([\w.]+)")
    assert len(modules) > 5
    for page, module in modules:
        assert importlib.util.find_spec(module), (page, module)


def test_each_path_of_a_test_exists() -> None:
    paths = in_code(r"(?<![\w/.])((?:tests|experiments|benchmarks|functions|events)/[\w./-]+)")
    assert len(paths) > 20
    assert [(page, path) for page, path in paths if not (ROOT / Path(path)).exists()] == []
