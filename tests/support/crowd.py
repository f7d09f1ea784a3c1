"""Many connections at once, written as logins leave them, without the logins."""

from dataclasses import replace

from facebook_simulator.model import Identity
from tests.support import stack
from tests.support.people import people
from tests.support.world import World
from whatsapp_connect import events
from whatsapp_connect.cipher import Cipher
from whatsapp_connect.model import Account
from whatsapp_connect.parameters import ParameterStore

SIXTY_DAYS = 5_183_944
_SCOPES = ("whatsapp_business_management", "whatsapp_business_messaging")


def settle_in(world: World, number: int) -> list[str]:
    """Connect so many people now, each with a published token of sixty days; return the connections' ids."""
    world.state.populate(people(number))
    first, *others = world.state.people
    pattern = world.record(world.connect(first.key))
    cipher = Cipher(client=stack.operator(world.session, "kms"), key_id=stack.KEY)
    parameters = ParameterStore(client=stack.operator(world.session, "ssm"), prefix=stack.PREFIX, key_id=stack.KEY)
    dynamodb = stack.operator(world.session, "dynamodb")
    for person in others:
        identity = Identity(stack.APP_ID, person.id, person.name)
        waba_ids = tuple(account.id for account in person.accounts)
        world.state.record_login(identity, frozenset(_SCOPES), frozenset(), waba_ids)
        token = world.state.issue_token(identity, _SCOPES, waba_ids, lifetime=SIXTY_DAYS)
        numbers = pattern.phone_numbers
        accounts = tuple(
            Account(one, pattern.connected_at, numbers=numbers, is_proven=True, checked_at=pattern.checked_at)
            for one in waba_ids
        )
        record = replace(
            pattern,
            connection_id=person.id,
            user_id=person.id,
            accounts=accounts,
            token=cipher.encrypt(person.id, token.value),
        )
        record, write = world.connections.login_write(person.id, None, record)
        dynamodb.update_item(**write["Update"])
        parameters.put_token(person.id, token.value)
        parameters.put_metadata(person.id, events.parameter_text(events.metadata(record)))
    world.stream.waiting()  # nothing is to be published
    return [person.id for person in world.state.people]
