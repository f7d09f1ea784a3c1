"""Check the stack after the load: no connection is lost, and nothing was done twice."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from experiments.load.load import Done, Load, user_id
from whatsapp_connect.languages.en import LANGUAGE
from whatsapp_connect.model import ConnectionRecord
from whatsapp_connect.outcomes import OUTCOMES

# The second title is that of a login whose accounts are not known yet, because Facebook failed when it was asked.
CONNECTED = {LANGUAGE.texts["connected.title"], LANGUAGE.texts["accounts-unknown.title"]}


def _title(text: str) -> str:
    return LANGUAGE.texts[f"{text}.title"]


_OURS = CONNECTED | {_title(outcome.text) for outcome in OUTCOMES.values()}
# After these pages a token may be stored. All other error pages say that nothing was stored.
_MAY_HAVE_STORED = {_title(text) for text in ("unexpected", "login-interrupted")}


@dataclass(frozen=True, slots=True)
class Stored:
    """Value and version of each parameter, and the records, by connection."""

    tokens: dict[str, tuple[str, int]]
    metadata: dict[str, tuple[str, int]]
    records: dict[str, ConnectionRecord]


@dataclass(slots=True)
class Audit:
    """The problems by kind, each with the connection IDs."""

    lost: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    doubled: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    unexpected: list[str] = field(default_factory=list)
    """Logins that failed for a reason that the load does not explain."""
    statuses: Counter[str] = field(default_factory=Counter)
    """The number of records by status."""
    healed: int = 0
    """Stored and checked tokens of people whose page said that the login may have failed."""

    @property
    def is_good(self) -> bool:
        return not (self.lost or self.doubled or self.unexpected)


def audit(load: Load) -> Audit:
    """Compare the pages that people saw with the parameters and records."""
    found = Audit()
    ssm = load.client("ssm")
    stored = Stored(
        _parameters(load, "access-token"),
        _parameters(load, "metadata"),
        {record.connection_id: record for record in load.connections.all()},
    )
    found.statuses.update(record.status for record in stored.records.values())
    for done in load.done:
        _audit_login(done, load, stored, found)
    for connection_id, (_, version) in stored.tokens.items():
        record = stored.records.get(connection_id)
        if record is None or not record.is_alive or not record.next_check_at:
            found.lost["token without a check"].append(connection_id)
        name = f"{load.stack.outputs['ParameterPrefix']}/connections/{connection_id}/access-token"
        if version > 1:
            history = ssm.get_parameter_history(Name=name, WithDecryption=True)["Parameters"]
            if len({one["Value"] for one in history}) != 1:
                found.doubled["two tokens of one login"].append(connection_id)
    for code, times in load.facebook.codes_sent.items():
        if times > 1:
            person = next((done.login.person for done in load.done if done.login.code == code), "nobody")
            found.doubled["code sent more than once"].append(person)
    return found


def _audit_login(done: Done, load: Load, stored: Stored, found: Audit) -> None:
    login, connection_id = done.login, user_id(done.login.person)
    if done.reason == "unexpected" or login.told == _title("unexpected"):
        found.unexpected.append(login.person)
    if login.told not in _OURS:
        found.lost["no page"].append(login.person)
    if login.told in CONNECTED:
        value, version = stored.tokens.get(connection_id, ("", 0))
        if not _is_good(load, connection_id, value):
            found.lost["page says connected, no valid token"].append(login.person)
        elif connection_id not in stored.metadata:
            found.lost["page says connected, no metadata"].append(login.person)
        elif stored.records[connection_id].published.version != version:
            found.lost["parameter version differs from the record"].append(login.person)
    elif connection_id in stored.tokens:
        if login.told in _MAY_HAVE_STORED:
            found.healed += 1
        else:
            found.lost["page says nothing changed, token stored"].append(login.person)


def _is_good(load: Load, connection_id: str, value: str) -> bool:
    assert load.stack.facebook
    state = load.stack.facebook.state
    token = state.token(value)
    return token is not None and token.identity.user_id == connection_id and state.fault_of(token) is None


def _parameters(load: Load, kind: str) -> dict[str, tuple[str, int]]:
    """Return value and version of all parameters of a kind, by connection."""
    path = f"{load.stack.outputs['ParameterPrefix']}/connections"
    pages = (
        load.client("ssm")
        .get_paginator("get_parameters_by_path")
        .paginate(Path=path, Recursive=True, WithDecryption=True)
    )
    parameters = [one for page in pages for one in page["Parameters"] if one["Name"].endswith(f"/{kind}")]
    return {one["Name"].split("/")[-2]: (one["Value"], one["Version"]) for one in parameters}
