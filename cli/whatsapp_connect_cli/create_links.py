"""`whatsapp-connect links create-all`: create a link for each row of a CSV file."""

import csv
from collections.abc import Iterator
from typing import Any, TextIO

import click

from whatsapp_connect.errors import LinkRefusedError
from whatsapp_connect.link_request import LinkRequest
from whatsapp_connect.settings import Settings
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.errors import FailedError, RefusedError, as_click
from whatsapp_connect_cli.options import CommonOptions, Duration, chosen_features, common_options
from whatsapp_connect_cli.output import count, say, show_csv, show_json

COLUMNS = (
    "connection_id",
    "label",
    "expires",
    "uses",
    "any_user",
    "accounts",
    "return_url",
    "language",
    "signup",
    "signup_features",
)
TAG = "tag:"
"""A column `tag:plan` has the tag `plan`."""
_BOOLEANS = {"": False, "false": False, "no": False, "0": False, "true": True, "yes": True, "1": True}
_RESULT = ("connection_id", "label", "url", "link_id", "expires_at", "error")
_MAX_PROBLEMS = 10
_PROGRESS = 25


@click.command("create-all")
@click.argument("file", type=click.File(encoding="utf-8-sig"))
@click.option("--dry-run", is_flag=True, help="Only check the file.")
@common_options
@click.pass_obj
def create_all(options: CommonOptions, file: TextIO, *, dry_run: bool) -> None:
    """Create a link for each row of the CSV FILE, and print them as CSV.

    The first row of FILE names the columns: connection_id, and if you like label, expires, uses, any_user, accounts,
    return_url, language, signup, signup_features and tag:NAME. An empty cell means what the command `links create` does without the option. If one
    row is wrong, no link is created. FILE can be - for stdin.
    """
    deployment = options.find()
    requests = _requests(file, settings=deployment.settings)
    if dry_run:
        say(f"The file is good: {count(len(requests), 'link')}. Nothing was created.")
        return
    rows: list[dict[str, Any]] = []
    created = _create(deployment, requests, noted=rows)
    if options.json:
        show_json(list(created))
    else:
        show_csv(_RESULT, created)  # each link at once: an interrupted command has printed those that exist
    if failed := [row for row in rows if row["error"]]:
        raise FailedError(
            f"{count(len(failed), 'link')} of {len(rows)} could not be created. See the column error. Run the command"
            " again with these rows only, because a repeated row makes a second link."
        )
    say(f"{count(len(rows), 'link')} created. They are not shown again.")


def _requests(file: TextIO, *, settings: Settings) -> list[dict[str, Any]]:
    """Return the input of create_link for each row. Raises RefusedError if a row is wrong; no value is repeated."""
    reader = csv.DictReader(file, strict=True)
    try:
        columns = [name.strip() for name in reader.fieldnames or ()]
        reader.fieldnames = columns
        if "connection_id" not in columns:
            raise RefusedError("The first row has no column connection_id. Nothing was created.")
        if unknown := [name for name in columns if name not in COLUMNS and not name.startswith(TAG)]:
            raise RefusedError(
                f"Unknown columns: {', '.join(unknown)}. Known: {', '.join(COLUMNS)} and {TAG}NAME. Nothing was created."
            )
        requests, problems, seen = [], [], set()
        for row in reader:
            try:
                requests.append(_request(row))
                LinkRequest.from_input(requests[-1], settings=settings)
            except LinkRefusedError as error:
                problems.append(f"Line {reader.line_num}, {error.field}: {error.message}")
                continue
            if requests[-1]["connection_id"] in seen:
                problems.append(f"Line {reader.line_num}, connection_id: It is in an earlier line, too.")
            seen.add(requests[-1]["connection_id"])
    except (csv.Error, UnicodeDecodeError):
        raise RefusedError("The file is not CSV in UTF-8. Nothing was created.") from None
    for problem in problems[:_MAX_PROBLEMS]:
        say(problem)
    if problems:
        raise RefusedError(f"{count(len(problems), 'problem')} in the file. Nothing was created.")
    return requests


def _request(row: dict[str, Any]) -> dict[str, Any]:
    """Return the input of create_link for a row. Raises LinkRefusedError."""
    if None in row or None in row.values():
        raise LinkRefusedError("row", "It has another number of cells than the first row.")
    cells = {name: text.strip() for name, text in row.items()}
    request: dict[str, Any] = {"connection_id": cells["connection_id"]}
    request |= {name: cells[name] for name in ("label", "return_url", "language", "signup") if cells.get(name)}
    if cells.get("expires"):
        try:
            request["lifetime_s"] = Duration().convert(cells["expires"], None, None)
        except click.BadParameter:
            raise LinkRefusedError("expires", "It must be a duration such as 12h, 7d or 2w.") from None
    if cells.get("uses"):
        if not cells["uses"].isascii() or not cells["uses"].isdigit():
            raise LinkRefusedError("uses", "It must be a number.")
        request["uses"] = int(cells["uses"])
    any_user = cells.get("any_user", "").lower()
    if any_user not in _BOOLEANS:
        raise LinkRefusedError("any_user", "It must be true or false.")
    request["any_user"] = _BOOLEANS[any_user]
    request["accounts"] = cells.get("accounts", "").split()
    if features := cells.get("signup_features", "").split():
        request["signup_features"] = chosen_features(features)
    request["tags"] = {name.removeprefix(TAG): text for name, text in cells.items() if name.startswith(TAG) and text}
    return request


def _create(
    deployment: Deployment, requests: list[dict[str, Any]], *, noted: list[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Create the links, and add each row to `noted`. A failure stands in its row, and the others go on."""
    for number, request in enumerate(requests, 1):
        created: dict[str, Any] = {}
        try:
            created = deployment.create_link(request)
            error = created.get("message", "") if "error" in created else ""
        except Exception as exception:  # noqa: BLE001  reported in the row
            error = as_click(exception).format_message()
        about = {"connection_id": request["connection_id"], "label": request.get("label", "")}
        noted.append(
            about | {name: created.get(name, "") for name in ("url", "link_id", "expires_at")} | {"error": error}
        )
        yield noted[-1]
        if number % _PROGRESS == 0 and number < len(requests):
            say(f"Creating links: {number} of {len(requests)} ...")
