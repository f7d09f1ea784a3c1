"""Check the connections for the doctor: records, tokens, accounts, encryption, publishing, parameters, checks and brake."""

from itertools import batched

from whatsapp_connect import events
from whatsapp_connect.errors import TokenUnreadableError
from whatsapp_connect.model import ConnectionRecord
from whatsapp_connect.token_rules import DOUBT_S
from whatsapp_connect_cli.check_facebook import ACCESS_DENIED, live_records
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.finding import Finding, broken, needs_person, ok, warning
from whatsapp_connect_cli.output import ago, count, moment, name_some
from whatsapp_connect_cli.story import is_stuck, send_problem

UNPUBLISHED_S = 900
"""The threshold of UnpublishedAlarm in template.yaml."""
OVERDUE_S = 7_200
"""The threshold of ChecksOverdueAlarm in template.yaml."""
SAMPLED = 50
"""How many records are compared with their parameters in a run of all checks."""
NAMES_PER_CALL = 10
"""Parameter Store returns no more at once."""
TOKENS_DECRYPTED = 5
"""How many tokens are decrypted. While PreviousTokenKey is set, all are."""


def records(deployment: Deployment) -> Finding:
    """Find records that the functions cannot read and therefore skip."""
    found, unreadable = deployment.all_records
    if unreadable:
        return broken(
            f"{len(unreadable)} records cannot be read, so their tokens are not checked: {name_some(unreadable)}.",
            f"Look at these items in {deployment.settings.connection_table}: an attribute is missing or wrong. If you"
            " cannot repair an item, delete it and ask the person to connect again.",
        )
    return ok(f"Records that can be read: all {len(found)}.")


def tokens(deployment: Deployment) -> Finding:
    """Find connections that have ended, and those that end soon because Facebook does not extend their tokens."""
    found, _ = deployment.all_records
    fix = "Ask their people to connect again. whatsapp-connect connections show ID shows the address to send."
    if ended := [record.connection_id for record in found if record.status in {"expired", "revoked"}]:
        return needs_person(
            f"{count(len(ended), 'connection')} ended, so services find no token: {name_some(ended)}.",
            f"{fix} If one is no longer needed: whatsapp-connect connections disconnect ID",
        )
    if ending := [record.connection_id for record in found if record.status == "expiring"]:
        return warning(f"{count(len(ending), 'connection')} will end soon: {name_some(ending)}.", fix)
    return ok("No connection has ended or ends soon.")


def accounts(deployment: Deployment) -> Finding:
    """Check that every live connection is usable: an account is proven, subscribed and not blocked."""
    alive = live_records(deployment)
    unknown = [record.connection_id for record in alive if not record.proven_accounts]
    if unknown:
        return needs_person(
            f"No WhatsApp account is known of {count(len(unknown), 'connection')}: {name_some(unknown)}.",
            "See whatsapp-connect connections show ID. If you know the account: whatsapp-connect connections accounts ID"
            " --add WABA_ID",
        )
    unusable = [record.connection_id for record in alive if not record.is_usable]
    if unusable:
        return needs_person(
            f"The app is subscribed to no account of {count(len(unusable), 'connection')}, so nothing is received:"
            f" {name_some(unusable)}.",
            "See whatsapp-connect connections accounts ID, then whatsapp-connect connections check ID",
        )
    blocked: dict[str, list[str]] = {}
    for record in alive:
        if problem := send_problem(record):
            blocked.setdefault(problem, []).append(record.connection_id)
    if blocked:
        return needs_person(
            " ".join(
                f"{count(len(ids), 'connection')} {problem}: {name_some(ids)}." for problem, ids in blocked.items()
            ),
            "See whatsapp-connect connections accounts ID. The business adds a payment method in WhatsApp Manager.",
        )
    return ok(f"Connections that are usable: all {len(alive)}.")


def encryption(deployment: Deployment) -> Finding:
    """Check that the functions may use the keys of the tokens: some tokens, or all while PreviousTokenKey is set."""
    key, previous = deployment.settings.token_key_id, deployment.stack_parameters.get("PreviousTokenKey", "")
    alive = live_records(deployment)
    other: dict[str, list[str]] = {}
    unreadable: list[str] = []
    for record in alive if previous else alive[:TOKENS_DECRYPTED]:
        if record.token is None:
            continue
        try:
            _, used = deployment.cipher.decrypt(record.connection_id, record.token)
        except TokenUnreadableError as error:
            if str(error) == ACCESS_DENIED:
                raise
            unreadable.append(record.connection_id)
            continue
        for one in {used, record.published.key_id} - {key, ""}:
            other.setdefault(one, []).append(record.connection_id)
    if unreadable:
        return broken(
            f"{len(unreadable)} tokens cannot be decrypted: {name_some(unreadable)}. They are not deleted, and not checked.",
            "Check that the key that encrypted them is enabled, and that your policy allows you to use it.",
        )
    for one, ids in other.items():
        if one != previous:
            return broken(
                f"{len(ids)} connections are encrypted with {one}, which the functions are not allowed to use:"
                f" {name_some(ids)}.",
                f"Deploy with PreviousTokenKey={one} until the checks have encrypted them again.",
            )
        return warning(
            f"{len(ids)} connections are still encrypted with {one}: {name_some(ids)}.",
            "Run whatsapp-connect publish --all to encrypt the parameters again. The checks encrypt the records again"
            " within a day. Then deploy with an empty PreviousTokenKey.",
        )
    return ok("The tokens are encrypted with the stack's key.")


def publishing(deployment: Deployment) -> Finding:
    """Check that no record has waited to be published for UNPUBLISHED_S."""
    now = deployment.clock()
    late = [
        record
        for record in deployment.all_records[0]
        if record.publish_at is not None and now - record.publish_at > UNPUBLISHED_S
    ]
    if not deployment.settings.publishing:
        return warning(
            f"Publishing is paused. {len(late)} connections are waiting.",
            "To publish, deploy with Publishing=enabled.",
        )
    if late:
        return broken(
            f"{len(late)} connections have waited 15 minutes or longer to be published:"
            f" {name_some([record.connection_id for record in late])}.",
            f"See `not published` and `not sent` in the log group {deployment.resources['PublishLogGroup']}."
            " PublishFunction tries again by itself. To try at once: whatsapp-connect publish ID",
        )
    return ok("No connection is waiting to be published.")


def parameters(deployment: Deployment, *, complete: bool = False) -> Finding:
    """Compare the parameters of records that are published: SAMPLED records with the oldest checks, or all if `complete`."""
    found, _ = deployment.all_records
    settled = [record for record in found if record.publish_at is None and record.status != "forgotten"]
    settled.sort(key=lambda record: record.checked_at)
    sample = settled if complete else settled[:SAMPLED]
    suspects = _differing(deployment, sample)
    # A record can be published again after it was read here.
    latest = [deployment.connections.load(record.connection_id) for record in suspects]
    differing = [
        record.connection_id
        for record in _differing(deployment, [one for one in latest if one and one.publish_at is None])
    ]
    if differing:
        return broken(
            f"The parameters of {count(len(differing), 'connection')} do not agree with the record:"
            f" {name_some(differing)}.",
            "whatsapp-connect publish ID",
        )
    of_all = "" if len(sample) == len(settled) else f", of {len(settled)},"
    return ok(f"The parameters of {count(len(sample), 'connection')}{of_all} agree with the record.")


def _differing(deployment: Deployment, records: list[ConnectionRecord]) -> list[ConnectionRecord]:
    """Return the records whose parameters are not those that publish has made. Nothing is decrypted."""
    store = deployment.parameters
    wanted: dict[str, object] = {}
    for record in records:
        wanted[store.token_name(record.connection_id)] = record.published.version or None
        if deployment.settings.metadata:
            wanted[store.metadata_name(record.connection_id)] = events.parameter_text(events.metadata(record))
    there: dict[str, object] = dict.fromkeys(wanted)
    for names in batched(wanted, NAMES_PER_CALL, strict=False):
        for parameter in deployment.ssm.get_parameters(Names=names)["Parameters"]:
            is_token = parameter["Type"] == "SecureString"
            there[parameter["Name"]] = parameter["Version"] if is_token else parameter["Value"]
    return [
        record
        for record in records
        if any(
            wanted.get(name) != there.get(name)
            for name in (store.token_name(record.connection_id), store.metadata_name(record.connection_id))
        )
    ]


def checks(deployment: Deployment) -> Finding:
    """Check that no check is overdue and no connection is stuck."""
    if not deployment.settings.checking:
        return warning(
            "Checking is paused: no token is checked or extended.", "To check, deploy with Checking=enabled."
        )
    oldest = deployment.connections.oldest_due_at()
    if oldest is not None and deployment.clock() - oldest > OVERDUE_S:
        return broken(
            f"{deployment.connections.number_due()} checks are due. The oldest became due"
            f" {ago(deployment.clock() - oldest)}.",
            "See the check `app`, and run whatsapp-connect due.",
        )
    stuck = [record.connection_id for record in deployment.all_records[0] if is_stuck(record)]
    if stuck:
        return needs_person(
            f"The last ten or more checks of {count(len(stuck), 'connection')} failed: {name_some(stuck)}.",
            f"See `check failed` in the log group {deployment.resources['CheckLogGroup']}.",
        )
    return ok("No check is overdue.")


def brake(deployment: Deployment) -> Finding:
    """Find tokens that Facebook has called invalid without a reason for more than two hours, and a released brake."""
    now = deployment.clock()
    doubted = [
        record.connection_id
        for record in live_records(deployment)
        if record.doubt_since and now - record.doubt_since > 2 * DOUBT_S
    ]
    found = deployment.brake.show()
    if doubted:
        return broken(
            f"Facebook has called {len(doubted)} tokens invalid for hours and gives no reason: {name_some(doubted)}."
            " The brake keeps them.",
            "See https://metastatus.com. If the tokens really are dead: whatsapp-connect brake release --for 1h",
        )
    if not found.limit:
        return warning(
            f"The brake is released until {moment(found.released_until)} UTC.",
            "Nothing to do: the limit applies again after that.",
        )
    return ok(f"Unexplained endings permitted this hour: {found.permits} (limit {found.limit}).")
