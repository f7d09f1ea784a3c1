"""Hourly: check what is due, extend what can be extended, warn about what cannot, forget what is dead.

Each connection is checked about once a day. One that fails is tried again by the next run and never stops the others;
a run that finds Facebook down, or its time used up, leaves the rest to the next one.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from time import monotonic, sleep, time
from typing import Any, get_args

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from whatsapp_connect import events, lifecycle
from whatsapp_connect.config import Settings
from whatsapp_connect.connections import DEAD, ConnectionStore, Lease, described
from whatsapp_connect.errors import (
    FacebookError,
    FacebookUnavailableError,
    LoginError,
    NotKeptError,
    SetupError,
    TokenRefusedError,
    describe,
)
from whatsapp_connect.forget import forget
from whatsapp_connect.graph import GraphClient
from whatsapp_connect.model import Inspection, PhoneNumber, TokenType
from whatsapp_connect.vault import StoredToken, Vault

FACEBOOK = 20.0
"""Seconds a check may spend on Facebook, well within its lease."""
ENDING = 60.0
"""Seconds kept back, of the time the function has, for the check at hand and the census."""
LAST_WORDS = 10.0
"""Seconds of those that are kept back for the last log lines."""
OUTAGE = 5
"""Checks in a row that find Facebook unavailable, or the token another app's, after which a run is over."""
WRITE_INTERVAL = 1.0
"""Seconds between two tokens published. Parameter Store takes about three writes a second for a whole account and
Region; each token published is one here and one for its metadata, and people who log in need the rest."""
SWEEP_HOUR = 4
"""Hour of the day, UTC, in which parameters without a record are looked for."""

settings = Settings.from_environ(os.environ)
logger = Logger()


def now() -> float:
    return time()


_session = boto3.Session()
_config = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 4})
_patient = Config(connect_timeout=2, read_timeout=5, retries={"mode": "adaptive", "total_max_attempts": 6})
connections = ConnectionStore(
    client=_session.client("dynamodb", config=_config),
    table=settings.connection_table,
    clock=now,
)
vault = Vault(
    client=_session.client("ssm", config=_patient),
    prefix=settings.parameter_prefix,
    key_id=settings.token_key_id,
)
graph = GraphClient(url=settings.graph_url, version=settings.graph_version, app_id=settings.meta_app_id)
_published_at = 0.0


def handler(_event: dict[str, Any], context: LambdaContext) -> None:
    """Check every connection that is due.

    Raises RuntimeError at the end if anything failed that should not, so that the run counts as failed.
    """
    end = monotonic() + context.get_remaining_time_in_millis() / 1000
    outcomes = check_due(deadline=end - ENDING)
    for outcome, number in outcomes.items():
        count("Checks", number, outcome=outcome)
    looks: dict[str, Callable[[], None]] = {
        "look_at_app_secret": look_at_app_secret,
        "take_census": take_census,
        "watch_graph_version": watch_graph_version,
        "sweep": partial(sweep, deadline=end - LAST_WORDS),
    }
    for name, look in looks.items():
        try:
            look()
        except Exception as exception:  # noqa: BLE001  the tokens themselves have been seen to
            logger.error("look failed", extra={"look": name, **describe(exception)})
            outcomes["failed"] += 1
    count("RenewalRun", 1)
    logger.info("run ended", extra={"outcomes": dict(outcomes)})
    if outcomes["failed"] or outcomes["foreign"] or outcomes["misconfigured"]:
        raise RuntimeError("some checks failed, see the log")


def look_at_app_secret() -> None:
    """Log what the app secret's parameter holds beside app secrets: it is not used, and the operator may not know."""
    try:
        ignored = vault.app_secrets().ignored
    except SetupError:
        return  # every check and every login says so
    if ignored:
        logger.warning("text beside the app secret is ignored", extra={"ignored": list(ignored)})


def check_due(*, deadline: float) -> Counter[str]:
    """Check what is due until `deadline`, on the monotonic clock, and return how many checks ended how."""
    outcomes: Counter[str] = Counter()
    in_a_row = 0
    for connection_id in connections.due():
        if monotonic() > deadline:
            outcomes["left"] += 1
            break
        outcome = check(connection_id)
        outcomes[outcome] += 1
        in_a_row = in_a_row + 1 if outcome in {"unavailable", "foreign"} else 0
        if in_a_row == OUTAGE or outcome == "misconfigured":
            break
    return outcomes


def check(connection_id: str) -> str:
    """Check one connection and return how that ended. Nothing is raised: others are waiting."""
    lease = None
    try:
        lease = connections.begin_check(connection_id)
        return "taken" if lease is None else check_leased(lease)
    except NotKeptError:
        if lease is not None:
            step_aside(lease)
        return "taken"
    except Exception as exception:  # noqa: BLE001  the outermost line for this connection
        fields = exception.fields if isinstance(exception, LoginError) else describe(exception)
        reason = exception.reason if isinstance(exception, LoginError) else "unexpected"
        logger.warning("check failed", extra={"connection_id": connection_id, "reason": reason, **fields})
        if lease is not None and not isinstance(exception, SetupError):
            postpone(lease)
        match exception:
            case FacebookUnavailableError():
                return "unavailable"
            case TokenRefusedError():
                return "foreign"
            case SetupError():
                return "misconfigured"
        return "failed"


def postpone(lease: Lease) -> None:
    """Leave a connection whose check failed to the next run."""
    try:
        connections.finish(
            lease,
            {
                "failures": int(lease.record.get("failures", 0)) + 1,
                "next_check_at": int(now()) + lifecycle.RETRY_AFTER,
            },
        )
    except Exception as exception:  # noqa: BLE001  the lease ends by itself, and the connection is still due
        logger.warning(
            "check not postponed", extra={"connection_id": lease.connection_id, **describe(exception)}
        )


def step_aside(lease: Lease) -> None:
    """Leave a connection to the writer that took over, and have the next run see whether a late write spoiled it."""
    try:
        connections.abandon(lease)
        connections.look_again(lease.connection_id)
    except Exception as exception:  # noqa: BLE001  it is looked at again within a day
        logger.warning(
            "check not repeated", extra={"connection_id": lease.connection_id, **describe(exception)}
        )


def check_leased(lease: Lease) -> str:
    record, connection_id = lease.record, lease.connection_id
    stored = vault.token(connection_id)
    if lifecycle.is_forgotten(record, stored.version if stored else None):
        forget(lease, connections=connections, vault=vault)
        return "forgotten"
    if stored is None:
        return without_token(lease)
    deadline = monotonic() + FACEBOOK
    stored, inspection = examine(lease, stored, deadline=deadline)
    if not inspection.is_valid:
        status, reason = lifecycle.why_invalid(inspection, now=now())
        return bury(lease, status=status, reason=reason)
    if inspection.user_id != record["user_id"]:
        return bury(lease, status="revoked", reason="token-of-another-user")
    outcome, changes = "checked", dict[str, object]()
    if lifecycle.wants_extending(inspection, now=now()):
        outcome, stored, inspection = extend(lease, stored, inspection, deadline=deadline)
        changes["renewed_at"] = int(now()) if outcome == "renewed" else record.get("renewed_at")
    if "connected_at" not in record:  # the login was cut off after it had stored the token
        changes["connected_at"] = int(now())
    if not is_announced(record):
        changes["announced_at"] = int(now())
    connections.finish(
        lease,
        {
            **changes,
            **described(
                inspection,
                token_version=stored.version,
                phone_numbers=phone_numbers(record, stored, inspection, deadline=deadline),
            ),
            **lifecycle.standing(inspection, now=now()),
        },
    )
    return outcome


def is_announced(record: Mapping[str, Any]) -> bool:
    """Say whether the metadata parameter says what the record does."""
    text = vault.metadata(record["connection_id"])
    try:
        return text is not None and json.loads(text) == events.metadata(record)
    except ValueError:
        return False


def without_token(lease: Lease) -> str:
    """Deal with a connection that has no token parameter."""
    if "token_version" not in lease.record:  # the login was cut off, or failed, before it had stored a token
        connections.delete(lease)
        return "login-abandoned"
    if lease.record["status"] in {"expired", "revoked"}:
        connections.finish(lease, {"due": DEAD})
        return "buried"
    return bury(lease, status="revoked", reason="parameter-missing")


def examine(lease: Lease, stored: StoredToken, *, deadline: float) -> tuple[StoredToken, Inspection]:
    """Return the token to go on with and what Facebook says of it.

    Where readers get another version than the record speaks of, because a writer was cut off or somebody wrote by
    hand, the better of the two is published again.
    """
    recorded_version = int(lease.record.get("token_version", stored.version))
    if recorded_version == stored.version or not (
        recorded := vault.token(lease.connection_id, recorded_version)
    ):
        return stored, inspect(stored, deadline=deadline)
    recorded_inspection = inspect(recorded, deadline=deadline)
    try:
        inspection = inspect(stored, deadline=deadline)
    except TokenRefusedError:
        if not is_usable(recorded_inspection, lease):
            raise
        return publish(lease, recorded), recorded_inspection
    if is_usable(recorded_inspection, lease) and not (
        is_usable(inspection, lease) and lifecycle.is_better(inspection, recorded_inspection)
    ):
        return publish(lease, recorded), recorded_inspection
    return stored, inspection


def is_usable(inspection: Inspection, lease: Lease) -> bool:
    return inspection.is_valid and inspection.user_id == lease.record["user_id"]


def inspect(stored: StoredToken, *, deadline: float) -> Inspection:
    """Ask Facebook's debugger, twice before a token is believed to be dead: what is removed is gone.

    Raises TokenRefusedError for a token of another app: then it is the app that was mixed up, not the token.
    """
    app_secret = vault.app_secret()
    inspection = graph.inspect(stored.token, app_secret=app_secret, deadline=deadline)
    if not inspection.is_valid:
        inspection = graph.inspect(stored.token, app_secret=app_secret, deadline=deadline)
    if inspection.is_valid and inspection.app_id != settings.meta_app_id:
        raise TokenRefusedError("token-of-another-app")
    # Not said is not the same as somebody else's.
    if inspection.is_valid and not (inspection.user_id and inspection.token_type in get_args(TokenType)):
        raise FacebookError("facebook-answer-unreadable")
    if inspection.graph_version != settings.graph_version:
        count("GraphVersionMismatch", 1)
    return inspection


def extend(
    lease: Lease, stored: StoredToken, inspection: Inspection, *, deadline: float
) -> tuple[str, StoredToken, Inspection]:
    """Ask Facebook for a token that lives longer, and publish it only if it is proven to be better.

    Facebook may give the same token, another one that lives no longer, or none: then the old one stays.
    """
    app_secret = vault.app_secret()
    try:
        token = graph.extend(
            stored.token,
            app_secret=app_secret,
            deadline=deadline,
            system_user=inspection.token_type == "SYSTEM_USER",  # noqa: S105  a kind of token
        )
        if token.value == stored.token.value:
            return "not-extended", stored, inspection
        extended = graph.inspect(token, app_secret=app_secret, deadline=deadline)
    except (FacebookUnavailableError, SetupError):
        raise
    except LoginError as error:
        logger.info(
            "not extended",
            extra={"connection_id": lease.connection_id, "reason": error.reason, **error.fields},
        )
        return "not-extended", stored, inspection
    if not lifecycle.is_better(extended, inspection):
        return "not-extended", stored, inspection
    return "renewed", publish(lease, StoredToken(token, 0)), extended


def publish(lease: Lease, stored: StoredToken) -> StoredToken:
    """Give readers a token. Raises NotKeptError where the lease might end before that is done."""
    global _published_at  # noqa: PLW0603  one pace for all runs of this process
    sleep(max(0.0, _published_at + WRITE_INTERVAL - monotonic()))
    if not connections.may_write(lease):
        raise NotKeptError("connection-busy")
    version = vault.put_token(lease.connection_id, stored.token)
    _published_at = monotonic()
    return StoredToken(stored.token, version)


def bury(lease: Lease, *, status: str, reason: str) -> str:
    """Say that a token is dead, then take it away. Cut off in between, the next run does the rest."""
    if "token_version" not in lease.record:
        forget(lease, connections=connections, vault=vault)
        return "login-abandoned"
    connections.finish(
        lease,
        {"status": status, "reason": reason, "warned_days": None, "data_access_warned_days": None},
        keep_lease=True,
    )
    if not connections.may_write(lease):
        raise NotKeptError("connection-busy")
    vault.delete_token(lease.connection_id)
    connections.finish(lease, {"due": DEAD, "failures": 0})
    return status


def phone_numbers(
    record: Mapping[str, Any], stored: StoredToken, inspection: Inspection, *, deadline: float
) -> list[PhoneNumber]:
    """Return the phone numbers known, or ask for them if none are or other accounts were shared."""
    known = [PhoneNumber(**number) for number in record.get("phone_numbers", [])]
    if (known or not inspection.waba_ids) and list(inspection.waba_ids) == record.get("waba_ids"):
        return known
    try:
        return graph.phone_numbers(
            inspection.waba_ids, stored.token, app_secret=vault.app_secret(), deadline=deadline
        )
    except LoginError as error:
        logger.warning("phone numbers not listed", extra={"reason": error.reason, **error.fields})
        return known


def take_census() -> None:
    """Count connections by status, and the days until the first token ends."""
    statuses: Counter[str] = Counter(
        dict.fromkeys(("pending", "active", "expiring", "expired", "revoked"), 0)
    )
    nearest: float | None = None
    for connection in connections.census():
        status = connection.get("status", "pending")
        statuses[status] += 1
        expires_at = int(connection.get("token_expires_at", 0))
        if status in {"active", "expiring"} and expires_at:
            days = (expires_at - now()) / lifecycle.DAY
            nearest = days if nearest is None else min(nearest, days)
    for status, number in statuses.items():
        count("Connections", number, status=status)
    if nearest is not None:
        count("NearestExpiryDays", nearest)


def watch_graph_version() -> None:
    """Count the days that the Graph version has left, once Facebook has said when it ends."""
    if end := lifecycle.GRAPH_VERSIONS_END.get(settings.graph_version):
        left = datetime.fromisoformat(end).replace(tzinfo=UTC).timestamp() - now()
        count("GraphVersionDaysLeft", left / lifecycle.DAY)


def sweep(*, deadline: float) -> None:
    """Look, once a day, for parameters without a record: nothing watches them, and only a person can know why.

    Parameter Store tells ten at a time, so that of very many the rest is left out at `deadline`, on the monotonic clock.
    """
    if datetime.fromtimestamp(now(), UTC).hour != SWEEP_HOUR:
        return
    known = {connection["connection_id"] for connection in connections.census()}
    orphans = 0
    for connection_id in vault.connection_ids():
        if monotonic() > deadline:
            logger.warning("sweep not finished", extra={"known": len(known)})
            break
        if connection_id not in known and not connections.exists(connection_id):  # the index is a little late
            logger.error("parameters without a record", extra={"connection_id": connection_id})
            orphans += 1
    count("OrphanParameters", orphans)


def count(name: str, value: float, **dimensions: str) -> None:
    with single_metric(name=name, unit=MetricUnit.Count, value=value) as metric:
        for dimension, text in dimensions.items():
            metric.add_dimension(name=dimension, value=text)
