"""A login that ends well."""

from tests.integration.browser import Browser, assert_ended
from tests.integration.facebook import Facebook
from tests.integration.kept import Kept

MARIA = "122100000000000001"


def test_a_short_lived_token_is_extended_before_it_is_kept(
    browser: Browser, facebook: Facebook, kept: Kept
) -> None:
    line = assert_ended(browser.finish(), "connected")
    assert line["connection_id"] == MARIA
    assert facebook.counts()["oauth/access_token:authorization_code"] == 1
    assert (facebook.exchanges, facebook.extensions, facebook.inspections) == (1, 1, 1)
    assert kept.token(MARIA)
