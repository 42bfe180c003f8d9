"""Keys in a real browser, by its virtual authenticator: as second and as first factor."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Page, expect

from appliance.db.credentials import SessionActivity
from tests.peers.appliance import Served, serve
from tests.peers.server import free_port
from tests.world import PASSWORD

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


@pytest.fixture
def served(world) -> Iterator[Served]:
    """An appliance under a name, because browsers make keys for no number."""
    world.user("writer", password=PASSWORD)
    port = str(free_port())
    url = f"http://localhost:{port}"
    with serve(world, CODARA_SERVER__PORT=port, CODARA_SERVER__URL=url) as appliance:
        yield Served(world, url, appliance.process)


@pytest.fixture
def page(served: Served, chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(base_url=served.url)
    yield context.new_page()
    context.close()


def authenticator(page: Page, *, verifies: bool = True) -> None:
    """Give the browser a device that answers without anybody touching it."""
    line = page.context.new_cdp_session(page)
    line.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": verifies,
        "isUserVerified": verifies,
        "automaticPresenceSimulation": True,
    }
    line.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def sign_in(page: Page) -> None:
    page.goto("/sign-in?next=/settings/factors")
    page.get_by_label("User name or e-mail address").fill("writer")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def make_key(page: Page) -> None:
    sign_in(page)
    page.get_by_role("link", name="Add a key").first.click()
    page.get_by_label("A name for the device").fill("Laptop")
    page.get_by_role("button", name="Add key").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()


def leave(context: BrowserContext) -> None:
    context.clear_cookies()


@pytest.mark.promise("P40")
def test_a_key_is_made_shown_second_shown_first_and_confirms(served: Served, page: Page):
    authenticator(page)
    make_key(page)

    leave(page.context)
    sign_in(page)
    expect(page.get_by_role("heading", name="Two-factor authentication")).to_be_visible()
    page.get_by_role("button", name="Use a key").click()
    expect(page.get_by_text("Laptop")).to_be_visible()

    leave(page.context)
    page.goto("/sign-in?next=/settings/factors")
    page.get_by_role("button", name="Sign in with a key").click()
    expect(page.get_by_text("Laptop")).to_be_visible()

    with served.world.wiring.database.engine.begin() as connection:
        connection.execute(sa.update(SessionActivity).values(elevated_until=datetime.now(UTC)))
    page.goto("/settings/factors/key")
    expect(page.get_by_role("heading", name="Confirm your identity")).to_be_visible()
    page.get_by_role("button", name="Confirm with a key").click()
    expect(page.get_by_role("heading", name="Add a key")).to_be_visible()
    assert served.world.events()[-3:] == ["auth.signed_in", "auth.signed_in", "session.elevated"]


def test_a_device_that_asks_its_owner_nothing_is_a_second_factor_only(page: Page):
    authenticator(page, verifies=False)
    make_key(page)
    leave(page.context)
    page.goto("/sign-in")
    page.get_by_role("button", name="Sign in with a key").click()
    expect(page.get_by_text("No key has answered.")).to_be_visible()
    sign_in(page)
    page.get_by_role("button", name="Use a key").click()
    expect(page.get_by_text("Laptop")).to_be_visible()


def test_a_device_without_a_key_of_here_says_so_and_another_way_stays(page: Page):
    authenticator(page)
    page.goto("/sign-in")
    page.get_by_role("button", name="Sign in with a key").click()
    expect(page.get_by_text("No key has answered.")).to_be_visible()
    expect(page.get_by_label("User name or e-mail address")).to_be_visible()
