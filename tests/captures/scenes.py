"""The scenes of the transcripts: each prepares the world in which the commands of a page run.

A name with hyphens in a page is the function with underscores here. The commands of one scene on one page run one after
another in the same world.
"""

from tests.captures.stage import Stage
from tests.support import stack
from tests.support.clock import DAY
from tests.support.patient import Patient
from tests.support.people import BAKERY, MARIA
from tests.support.world import World


def empty(stage: Stage) -> None:
    """Nobody has connected yet."""


def three_connections(stage: Stage) -> None:
    """Connect a bakery, a shop with a system user's token, and somebody who changed their password afterwards."""
    world = stage.world
    _bakery(world)
    world.facebook.control("settings", {"system_user_target_ids": "listed"})
    world.connect("jonas", connection_id="tenant-7")
    world.connect("maria", connection_id="shop", type="SYSTEM_USER", lifetime=0)
    world.facebook.control("tokens/invalidate", {"person": "jonas", "reason": "password_changed"})
    world.clock.advance(DAY)
    world.schedule()
    world.clock.advance(60)
    world.schedule()
    world.clock.advance(90)


def no_payment_method(stage: Stage) -> None:
    """Connect a bakery whose account has no payment method."""
    stage.world.facebook.control("accounts", {"id": BAKERY, "can_send_message": "BLOCKED", "problems": [141006]})
    _bakery(stage.world)


def password_changed(stage: Stage) -> None:
    """Have somebody change their password. No check has found it yet."""
    stage.world.connect("jonas", connection_id="tenant-7")
    stage.world.facebook.control("tokens/invalidate", {"person": "jonas", "reason": "password_changed"})


def unknown_accounts(stage: Stage) -> None:
    """Hold a system user's token whose accounts Facebook does not name."""
    made = stage.world.facebook.control("tokens", {"person": "maria", "type": "SYSTEM_USER", "lifetime": 0})
    stage.files["token.txt"] = made["access_token"]


def lost_code(stage: Stage) -> None:
    """Have a bakery finish a sign-up whose code never came, and hold the token of a system user of our own."""
    facebook = stage.world.facebook
    app = {"sdk_login": True, "sdk_domains": ["https://shop.example/"], "configurations": {"77": {}}}
    facebook.control("app", app | {"redirect_uris": ["https://shop.example/callback"]})
    facebook.fail("dialog", "no_answer")
    facebook.control("signup", {"account": BAKERY})
    own = {"person": "jonas", "type": "SYSTEM_USER", "scopes": ["business_management"], "lifetime": 0}
    stage.files["system-user-token.txt"] = facebook.control("tokens", own)["access_token"]


def changed_by_hand(stage: Stage) -> None:
    """Have somebody delete a token in Parameter Store, and leave the metadata of a connection that is gone."""
    _bakery(stage.world)
    ssm = stage.cli.deployment.ssm
    ssm.delete_parameter(Name=f"{stack.PREFIX}/connections/tenant-42/access-token")
    ssm.put_parameter(Name=f"{stack.PREFIX}/connections/tenant-3/metadata", Value="{}", Type="String")


def healthy(stage: Stage) -> None:
    """Have a stack on AWS that is well, with a connection."""
    _bakery(stage.world)
    stage.world.change_accounts("tenant-42", subscribed=True)
    Patient(stage.cli, stage.world, stage.monkeypatch, stage.site)


def password_changed_and_noticed(stage: Stage) -> None:
    """Have the same stack, with somebody whose token has ended."""
    three_connections(stage)
    Patient(stage.cli, stage.world, stage.monkeypatch, stage.site)


def app_secret_missing(stage: Stage) -> None:
    """Have a stack whose operator has not stored the app secret."""
    healthy(stage)
    stage.cli.deployment.ssm.delete_parameter(Name=f"{stack.PREFIX}/app-secret")


def customers(stage: Stage) -> None:
    """Have a file with two customers."""
    stage.files["customers.csv"] = (
        "connection_id,label,language,tag:plan\ntenant-1,Corner Bakery,,pro\ntenant-2,Lind Travel,de,\n"
    )


def deleted(stage: Stage) -> None:
    """Connect a bakery whose owner removes the app at Facebook."""
    _bakery(stage.world)
    stage.world.meta("deauthorize").tell(MARIA)
    stage.world.settle()


def leaked_link(stage: Stage) -> None:
    """Have a link for the bakery, which somebody else has used, too, for the travel agency next door."""
    world = stage.world
    link = world.link("tenant-42", label="Corner Bakery", uses=5, any_user=True)
    for person in ("maria", "jonas"):
        browser = world.browser()
        browser.come_back(browser.log_in(link=link, person=person))
        world.settle()
        world.clock.advance(60)
        world.schedule()
    stage.shown[link] = "LINK"


def new_app_secret(stage: Stage) -> None:
    """Have an app whose secret was reset at Meta."""
    _bakery(stage.world)
    secret = "fedcba9876543210" * 2
    stage.world.facebook.control("app", {"secret": secret})
    stage.files["app-secret.txt"] = secret


def rotation(stage: Stage) -> None:
    """Have the same again, on another day."""
    new_app_secret(stage)


def _bakery(world: World) -> None:
    """Connect Maria in a browser, by a link for tenant-42."""
    link = world.link("tenant-42", label="Corner Bakery")
    browser = world.browser()
    browser.come_back(browser.log_in(link=link, person="maria"))
    world.settle()
    world.clock.advance(10)
