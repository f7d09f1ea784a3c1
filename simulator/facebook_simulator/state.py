"""Hold the simulator's state, behind one lock."""

import secrets
import string
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from threading import Event, RLock
from typing import Any

from facebook_simulator import errors, world
from facebook_simulator.clock import Clock
from facebook_simulator.content import Content
from facebook_simulator.death import Death, Reason, death
from facebook_simulator.directory import Directory
from facebook_simulator.distortion import Distortion
from facebook_simulator.errors import GraphError, GraphFailure
from facebook_simulator.faults import FaultQueue
from facebook_simulator.journal import Journal
from facebook_simulator.model import App, Code, Grant, Identity, Settings, Token
from facebook_simulator.outbox import Outbox

_DAY_S = 86_400
_SIXTY_DAYS_S = 60 * _DAY_S
# https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/registration
_MAX_REGISTRATIONS = 10
_REGISTRATION_WINDOW_S = 72 * 3_600
_ALPHABET = string.ascii_letters + string.digits
_URL_ALPHABET = _ALPHABET + "-_"


class State:
    """Apps, people, codes and tokens. Every method is atomic."""

    def __init__(self, app: App) -> None:
        self.stopping = Event()
        self._lock = RLock()
        self._initial_app = app
        self.reset()

    def reset(self) -> None:
        """Delete everything except the app with which the simulator was started."""
        with self._lock:
            self.clock = Clock()
            self.settings = Settings()
            self.distortion = Distortion()
            self.distortions: dict[str, Distortion] = {}
            self.content = Content()
            self.faults = FaultQueue()
            self.journal = Journal()
            self.outbox = Outbox()
            self.populate(world.PEOPLE)
            self.apps = {self._initial_app.id: self._initial_app}
            self.grants: dict[tuple[str, str], Grant] = {}
            self._identities: dict[tuple[str, str], Identity] = {}
            self.subscriptions: dict[tuple[str, str], str] = {}
            self._registrations: dict[str, list[int]] = {}
            self._syncs: set[tuple[str, str, str]] = set()
            self._codes: dict[str, Code] = {}
            self._tokens: dict[str, Token] = {}

    @property
    def app(self) -> App:
        """The app with which the simulator was started, with its current settings."""
        return self.apps[self._initial_app.id]

    def person(self, key: str) -> world.Person | None:
        """Return the person with this short name or ID, or None."""
        return next((one for one in self.people if key in {one.key, one.id}), None)

    def populate(self, people: tuple[world.Person, ...]) -> None:
        """Replace the people."""
        with self._lock:
            self.people = people
            self._directory = Directory(people)

    @property
    def accounts(self) -> dict[str, world.Account]:
        """All WhatsApp accounts by ID."""
        return self._directory.accounts

    def phone(self, phone_id: str) -> tuple[world.Account, world.Phone] | None:
        """Return a phone number and its account, or None."""
        return self._directory.phones.get(phone_id)

    def owner_of(self, account: world.Account) -> world.Business | None:
        """Return the portfolio that owns an account, or None if nobody here does."""
        return self._directory.owners.get(account.id)

    def businesses_of(self, token: Token) -> tuple[world.Business, ...]:
        """Return the portfolios of the token's person, or the one of its system user."""
        identity = token.identity
        if identity.business_id:
            business = self._directory.businesses.get(identity.business_id)
            return (business,) if business else ()
        person = self.person(identity.user_id)
        return person.businesses if person else ()

    def change_account(self, account_id: str, **changes: Any) -> world.Account | None:
        """Change an account, and return it; None if it does not exist."""
        with self._lock:
            self.populate(
                world.change_accounts(self.people, lambda one: replace(one, **changes) if one.id == account_id else one)
            )
            return self.accounts.get(account_id)

    def change_phone(self, phone_id: str, **changes: Any) -> world.Phone | None:
        """Change a phone number, and return it; None if it does not exist."""
        with self._lock:
            found = self.phone(phone_id)
            if found is None:
                return None
            account, phone = found
            changed = replace(phone, **changes)
            phones = tuple(changed if one.id == phone_id else one for one in account.phones)
            self.change_account(account.id, phones=phones)
            return changed

    def add_business(self, person: world.Person, name: str) -> world.Business:
        """Create a portfolio without accounts for a person, and return it."""
        with self._lock:
            system_users = (one.system_user_id for one in self._directory.businesses.values())
            business_id = _next(self._directory.businesses, "200000000000001")
            business = world.Business(business_id, name, _next(system_users, "122100000000000901"), ())
            self.populate(
                tuple(
                    replace(one, businesses=(*one.businesses, business)) if one.id == person.id else one
                    for one in self.people
                )
            )
            return business

    def add_account(self, business: world.Business, name: str) -> world.Account:
        """Create an account without phone numbers in a portfolio, and return it."""
        with self._lock:
            account = world.Account(_next(self.accounts, "300000000000001"), name, ())
            self.populate(
                world.change_businesses(
                    self.people,
                    lambda one: replace(one, accounts=(*one.accounts, account)) if one.id == business.id else one,
                )
            )
            return account

    def add_phone(self, account: world.Account, name: str) -> world.Phone:
        """Create a phone number in an account, and return it."""
        with self._lock:
            phone = world.phone(_next(self._directory.phones, "400000000000001"), name, len(self._directory.phones))
            self.change_account(account.id, phones=(*self.accounts[account.id].phones, phone))
            return phone

    def register(self, phone_id: str, pin: str) -> None:
        """Register a phone number. The PIN is kept, so later registrations need the same one. Raises GraphError."""
        with self._lock:
            found = self.phone(phone_id)
            phone = found[1] if found else None
            if phone is None or phone.is_on_biz_app:
                raise GraphError(errors.ON_BUSINESS_APP)
            self._count_registration(phone_id)
            if phone.pin and phone.pin != pin:
                raise GraphError(errors.WRONG_PIN)
            self.change_phone(phone_id, pin=pin, status="CONNECTED", platform_type="CLOUD_API")

    def deregister(self, phone_id: str) -> None:
        """Deregister a phone number. This counts as a try, too. Raises GraphError."""
        with self._lock:
            self._count_registration(phone_id)
            self.change_phone(phone_id, status="DISCONNECTED", platform_type="NOT_APPLICABLE")

    def start_sync(self, phone: world.Phone, sync_type: str) -> None:
        """Start a synchronization, each once within 24 hours of the sign-up. Raises GraphError."""
        with self._lock:
            if not phone.is_on_biz_app:
                raise GraphError(errors.NOT_ON_BUSINESS_APP)
            if self.clock.now() >= self.sync_ends(phone):
                raise GraphError(errors.SYNC_TOO_LATE)
            sync = (phone.id, sync_type, phone.last_onboarded_time)
            if sync in self._syncs:
                raise GraphError(errors.SYNC_REPEATED)
            self._syncs.add(sync)

    def sync_ends(self, phone: world.Phone) -> int:
        """Return until when synchronizations can be started, in epoch seconds."""
        return int(datetime.strptime(phone.last_onboarded_time, "%Y-%m-%dT%H:%M:%S%z").timestamp()) + _DAY_S

    def started_syncs(self, phone: world.Phone) -> list[str]:
        """Return the types of the synchronizations started since the number's sign-up."""
        with self._lock:
            ids = (phone.id, phone.last_onboarded_time)
            return sorted(sync_type for phone_id, sync_type, at in self._syncs if (phone_id, at) == ids)

    def _count_registration(self, phone_id: str) -> None:
        since = self.clock.now() - _REGISTRATION_WINDOW_S
        recent = [at for at in self._registrations.get(phone_id, []) if at > since]
        if len(recent) >= _MAX_REGISTRATIONS:
            raise GraphError(errors.TOO_MANY_REGISTRATIONS)
        self._registrations[phone_id] = [*recent, self.clock.now()]

    def subscribe(self, account: world.Account, app: App, override: str) -> None:
        """Subscribe an app to an account. `override` is the address of its webhooks; "" for the app's own."""
        self.subscriptions[account.id, app.id] = override

    def override_of(self, account: world.Account, app_id: str) -> str:
        """Return the address to which an account's webhooks go instead of the app's; "" if there is none."""
        return self.subscriptions.get((account.id, app_id), "")

    def configure_app(self, app_id: str, changes: dict[str, Any]) -> App:
        """Change or add an app, and return it."""
        with self._lock:
            known = self.apps.get(app_id) or App(id=app_id, secret=secrets.token_hex(16))
            self.apps[app_id] = replace(known, **changes)
            return self.apps[app_id]

    def configure(self, changes: dict[str, Any]) -> Settings:
        """Change the settings, and return them."""
        with self._lock:
            self.settings = replace(self.settings, **changes)
            return self.settings

    def grant_of(self, identity: Identity) -> Grant:
        """Return what this identity allows its app now."""
        return self.grants.get((identity.app_id, identity.user_id), Grant())

    def record_login(
        self, identity: Identity, granted: frozenset[str], declined: frozenset[str], shared: tuple[str, ...]
    ) -> Grant:
        """Store a consent, and return the grant. `shared` has account IDs, the oldest first; in the grant it is the last.

        The user's earlier tokens lose the accounts that are not shared any more.
        """
        with self._lock:
            before = self.grant_of(identity)
            known = tuple(account for account in before.accounts if account in shared)
            new = tuple(account for account in reversed(shared) if account not in before.accounts)
            grant = Grant(
                granted=(before.granted | granted) - declined,
                declined=(before.declined - granted) | declined,
                accounts=new + known,
                data_access_expires_at=self.clock.now() + self.settings.data_access_lifetime,
            )
            self.grants[identity.app_id, identity.user_id] = grant
            self._identities[identity.app_id, identity.user_id] = identity
            self._narrow(identity)
            return grant

    def identities(self) -> list[Identity]:
        """Return everybody who has granted an app something, the newest first."""
        with self._lock:
            return list(reversed(self._identities.values()))

    def identity(self, app_id: str, user_id: str) -> Identity | None:
        """Return the identity of somebody who has granted an app something, or None."""
        return self._identities.get((app_id, user_id))

    def user_in_notices(self, identity: Identity) -> str:
        """Return the ID of the user whom deauthorize and deletion requests name when this identity removes the app."""
        names_person = self.settings.system_user_notices == "person"
        return identity.person_id if identity.person_id and names_person else identity.user_id

    def remove_app(self, identity: Identity) -> int:
        """Revoke all permissions, and return how many tokens became invalid."""
        with self._lock:
            empty = Grant(data_access_expires_at=self.grant_of(identity).data_access_expires_at)
            self.grants[identity.app_id, identity.user_id] = empty
            return self.kill_all(identity, "app_removed")

    def remove_permission(self, identity: Identity, name: str) -> bool:
        """Revoke one permission, also in the tokens. Return False if it was not granted."""
        with self._lock:
            grant = self.grant_of(identity)
            if name not in grant.granted:
                return False
            self.grants[identity.app_id, identity.user_id] = replace(
                grant, granted=grant.granted - {name}, declined=grant.declined | {name}
            )
            for token in self.tokens(identity):
                scopes = tuple(scope for scope in token.scopes if scope != name)
                self._tokens[token.value] = replace(token, scopes=scopes)
            return True

    def unshare(self, account_id: str, app_id: str, user_id: str | None = None) -> list[Identity]:
        """Take an account away from a user, or from all users of an app, also in the tokens. Return who had it."""
        with self._lock:
            had = [
                one
                for one in self._identities.values()
                if one.app_id == app_id and user_id in {None, one.user_id} and account_id in self.grant_of(one).accounts
            ]
            for identity in had:
                grant = self.grant_of(identity)
                left = tuple(one for one in grant.accounts if one != account_id)
                self.grants[app_id, identity.user_id] = replace(grant, accounts=left)
                self._narrow(identity)
            return had

    def delete_account(self, account_id: str) -> None:
        """Delete a WhatsApp account."""
        with self._lock:
            self.populate(world.change_accounts(self.people, lambda one: None if one.id == account_id else one))

    def _narrow(self, identity: Identity) -> None:
        """Take the accounts away from the tokens of a user that the user does not share any more."""
        shared = self.grant_of(identity).accounts
        for token in self.tokens(identity):
            left = tuple(one for one in token.accounts if one in shared)
            if left != token.accounts:
                self._tokens[token.value] = replace(token, accounts=left)

    def end_data_access(self, identity: Identity, at: int) -> None:
        """Set when the app's access to this person's data ends, in epoch seconds."""
        with self._lock:
            grant = replace(self.grant_of(identity), data_access_expires_at=at)
            self.grants[identity.app_id, identity.user_id] = grant

    def issue_code(
        self,
        identity: Identity,
        redirect_uri: str | None,
        scopes: tuple[str, ...],
        accounts: tuple[str, ...],
        *,
        ttl: int,
        value: str | None = None,
    ) -> str:
        """Make a code, and return its value. A `value` that was issued before can then be used again."""
        with self._lock:
            code = Code(
                value=value or f"AQ{_random(_URL_ALPHABET, 340)}",
                identity=identity,
                redirect_uri=redirect_uri,
                scopes=scopes,
                accounts=accounts,
                expires_at=self.clock.now() + ttl,
            )
            self._codes[code.value] = code
            return code.value

    def redeem(self, app: App, value: str, redirect_uri: str | None) -> Token:
        """Exchange a code for a token. Raises GraphError, also if the code was used before."""
        with self._lock:
            code = self._codes.get(value)
            if code is None or code.identity.app_id != app.id:
                listed = redirect_uri in app.redirect_uris
                raise GraphError(errors.GARBAGE_CODE if listed else errors.OTHER_REDIRECT)
            if code.used:
                raise GraphError(errors.CODE_USED)
            if self.clock.now() >= code.expires_at:
                raise GraphError(errors.CODE_EXPIRED)
            if code.redirect_uri != redirect_uri:
                raise GraphError(errors.OTHER_REDIRECT)
            self._codes[value] = replace(code, used=True)
            system_user = code.identity.type == "SYSTEM_USER"
            lifetime = self.settings.system_user_lifetime if system_user else self.settings.exchange_lifetime
            return self.issue_token(code.identity, code.scopes, code.accounts, lifetime=lifetime)

    def is_sdk_code(self, value: str) -> bool:
        """Return whether a code came from Facebook's JavaScript SDK."""
        code = self._codes.get(value)
        return code is not None and code.redirect_uri is None

    def issue_token(
        self,
        identity: Identity,
        scopes: tuple[str, ...],
        accounts: tuple[str, ...],
        *,
        lifetime: int,
        value: str | None = None,
        now: int | None = None,
    ) -> Token:
        """Return a new token. `lifetime` is in seconds; 0 never expires, a negative one has expired."""
        with self._lock:
            now = self.clock.now() if now is None else now
            token = Token(
                value=value or f"EAA{_random(_ALPHABET, 197)}",
                identity=identity,
                scopes=scopes,
                accounts=accounts,
                issued_at=min(now, now + lifetime),
                expires_at=now + lifetime if lifetime else 0,
            )
            self._tokens[token.value] = token
            return token

    def extend(self, token: Token, *, lifetime: int) -> Token:
        """Return a token that expires `lifetime` seconds from now. The old token stays valid until its own end.

        For a person's long-lived token, the setting `renewal` decides. Raises GraphError if that is "refuse".
        """
        now = self.clock.now()
        if token.identity.type == "USER" and token.long_lived and token.expires_at:
            renewal = self.settings.renewal
            if renewal == "refuse":
                raise GraphError(errors.NOT_EXTENDABLE)
            if renewal == "same_token" or (renewal == "daily" and now - token.issued_at < _DAY_S):
                return token
            if renewal == "unchanged":
                lifetime = token.expires_at - now
        return self.issue_token(token.identity, token.scopes, token.accounts, lifetime=lifetime, now=now)

    def token(self, value: str) -> Token | None:
        """Return a token, valid or not; None if it was never issued."""
        return self._tokens.get(value)

    def distortion_of(self, token: Token) -> Distortion:
        """Return how debug_token's answer about a token is changed: for the token, its owner, its app, or for all."""
        keys = (token.value, token.identity.user_id, token.identity.app_id)
        return next((self.distortions[key] for key in keys if key in self.distortions), self.distortion)

    def every_token(self) -> list[Token]:
        """Return all tokens, valid or not."""
        with self._lock:
            return list(self._tokens.values())

    def tokens(self, identity: Identity) -> list[Token]:
        """Return all tokens of an identity, valid or not, the newest first."""
        with self._lock:
            key = (identity.app_id, identity.user_id)
            every = reversed(self._tokens.values())
            return [one for one in every if (one.identity.app_id, one.identity.user_id) == key]

    def age(self, token: Token, *, expires_in: int) -> Token:
        """Turn a token into one of sixty days that expires in `expires_in` seconds, and return it."""
        with self._lock:
            expires_at = self.clock.now() + expires_in
            issued_at = expires_at - max(_SIXTY_DAYS_S, expires_in)
            aged = replace(token, issued_at=issued_at, expires_at=expires_at)
            self._tokens[token.value] = aged
            return aged

    def kill_all(self, identity: Identity, reason: Reason) -> int:
        """Invalidate all tokens of an identity, and return how many were valid."""
        with self._lock:
            tokens = [token for token in self.tokens(identity) if not token.death]
            for token in tokens:
                self.kill(death(reason, identity.app_id), value=token.value)
            return len(tokens)

    def kill(self, death: Death, *, value: str | None = None, user_id: str | None = None) -> int:
        """Invalidate one token, or all tokens of a user, and return their number."""
        with self._lock:
            tokens = [one for one in self._tokens.values() if one.value == value or one.identity.user_id == user_id]
            for token in tokens:
                self._tokens[token.value] = replace(token, death=death)
            return len(tokens)

    def fault_of(self, token: Token) -> GraphFailure | None:
        """Return the error with which Facebook refuses this token; None if it is valid."""
        if token.death:
            return GraphFailure(token.death.message, 190, token.death.subcode, phrase="login_again")
        now = self.clock.now()
        if token.expires_at and now >= token.expires_at:
            return errors.expired_token(token.expires_at, now)
        if self.settings.data_access_expired == "invalid" and self.data_access_ended(token):
            return errors.INACTIVE
        return None

    def data_access_ended(self, token: Token) -> bool:
        """Return whether the 90 days of data access have ended. They never end for system users."""
        ends = self.data_access_expires_at(token)
        return bool(ends) and self.clock.now() >= ends

    def data_access_expires_at(self, token: Token) -> int:
        """Return when data access ends, in epoch seconds; 0 for system users."""
        if token.identity.type == "SYSTEM_USER":
            return 0
        return self.grant_of(token.identity).data_access_expires_at


def _next(ids: Iterable[str], first: str) -> str:
    """Return an ID that none of these is, from `first` on."""
    return str(max((*map(int, ids), int(first) - 1)) + 1)


def _random(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))
