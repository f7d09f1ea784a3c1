"""What must be true when the trouble is over: nobody lost, nothing done twice."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from experiments.load.load import Done, Load, user_id
from whatsapp_connect.model import ConnectionRecord
from whatsapp_connect.pages import TEXTS

CONNECTED = "You're connected"

_OURS = {CONNECTED} | {text.title for text in TEXTS.values()}
# These pages do not say that nothing was kept; all others do.
_MAY_HAVE_KEPT = {TEXTS[text].title for text in ("unexpected", "login-interrupted")}


@dataclass(frozen=True, slots=True)
class Kept:
    """What there is in the end, by connection: value and version of each parameter, and the records."""

    tokens: dict[str, tuple[str, int]]
    metadata: dict[str, tuple[str, int]]
    records: dict[str, ConnectionRecord]


@dataclass(slots=True)
class Audit:
    """Findings by kind, with the people concerned."""

    lost: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    doubled: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    unexpected: list[str] = field(default_factory=list)
    """People whose login ended for a reason that nobody expected."""
    statuses: Counter[str] = field(default_factory=Counter)
    """Of the records, in the end."""
    healed: int = 0
    """Tokens kept although the person was told that it may not have worked, and now watched."""

    @property
    def is_good(self) -> bool:
        return not (self.lost or self.doubled or self.unexpected)


def audit(load: Load) -> Audit:
    """Compare what people were told with what there is."""
    found = Audit()
    ssm = load.client("ssm")
    kept = Kept(
        _parameters(load, "access-token"),
        _parameters(load, "metadata"),
        {record.connection_id: record for record in load.connections.all()},
    )
    found.statuses.update(record.status for record in kept.records.values())
    for done in load.done:
        _look_at(done, load, kept, found)
    for connection_id, (_, version) in kept.tokens.items():
        record = kept.records.get(connection_id)
        if record is None or not record.is_alive or not record.next_check_at:
            found.lost["a token that nothing watches"].append(connection_id)
        name = f"{load.stack.outputs['ParameterPrefix']}/connections/{connection_id}/access-token"
        if version > 1:
            history = ssm.get_parameter_history(Name=name, WithDecryption=True)["Parameters"]
            if len({one["Value"] for one in history}) != 1:
                found.doubled["tokens of one login"].append(connection_id)
    for code, times in load.facebook.codes_sent.items():
        if times > 1:
            person = next((done.login.person for done in load.done if done.login.code == code), "nobody")
            found.doubled["a code sent more than once"].append(person)
    return found


def _look_at(done: Done, load: Load, kept: Kept, found: Audit) -> None:
    login, connection_id = done.login, user_id(done.login.person)
    if done.reason == "unexpected" or login.told == TEXTS["unexpected"].title:
        found.unexpected.append(login.person)
    if login.told not in _OURS:
        found.lost["told nothing"].append(login.person)
    if login.told == CONNECTED:
        value, version = kept.tokens.get(connection_id, ("", 0))
        if not _is_good(load, connection_id, value):
            found.lost["told to be connected, without a token that works"].append(login.person)
        elif connection_id not in kept.metadata:
            found.lost["connected, without metadata"].append(login.person)
        elif kept.records[connection_id].published.version != version:
            found.lost["connected, with another version than the record speaks of"].append(login.person)
    elif connection_id in kept.tokens:
        if login.told in _MAY_HAVE_KEPT:
            found.healed += 1
        else:
            found.lost["told that nothing was changed, with a token"].append(login.person)


def _is_good(load: Load, connection_id: str, value: str) -> bool:
    assert load.stack.facebook
    state = load.stack.facebook.state
    token = state.token(value)
    return token is not None and token.identity.user_id == connection_id and state.fault_of(token) is None


def _parameters(load: Load, kind: str) -> dict[str, tuple[str, int]]:
    """Return value and version of every parameter of a kind, by connection."""
    path = f"{load.stack.outputs['ParameterPrefix']}/connections"
    pages = (
        load.client("ssm")
        .get_paginator("get_parameters_by_path")
        .paginate(Path=path, Recursive=True, WithDecryption=True)
    )
    parameters = [one for page in pages for one in page["Parameters"] if one["Name"].endswith(f"/{kind}")]
    return {one["Name"].split("/")[-2]: (one["Value"], one["Version"]) for one in parameters}
