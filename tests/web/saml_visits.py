"""Going to a SAML identity provider and coming back, in a few words, for tests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from html import unescape
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from appliance.domain.identity import appliance
from appliance.domain.identity_providers import ProviderKind
from appliance.services import saml_keys
from appliance.services.identity_providers import Shown
from tests.peers.saml_provider import SamlProvider, Visitor
from tests.services.arrivals import provider as make_provider
from tests.world import NOON, World

ATTRIBUTES = {
    "name_attribute": "uid",
    "display_name_attribute": "name",
    "email_attribute": "mail",
    "groups_attribute": "groups",
}
LOGIN = "/auth/saml/login"
ANSWERS = "/auth/saml/acs"


def meet(
    world: World,
    peer: SamlProvider,
    *,
    name: str = "corp",
    policy: Mapping[str, Any] | None = None,
    domains: tuple[str, ...] = (),
    **settings: Any,
) -> Shown:
    """Let appliance and provider know each other; the provider is switched on."""
    give_key(world)
    peer.register(world.app.test_client().get("/auth/saml/metadata").data)
    told = {"metadata": peer.metadata(), **ATTRIBUTES, **settings}
    return make_provider(
        world, name, kind=ProviderKind.SAML, settings=told, domains=domains, **(policy or {})
    )


@cache
def our_key() -> Any:
    """A key of the appliance."""
    return saml_keys.make(now=NOON)


def give_key(world: World) -> None:
    """Give the appliance a key that another has too: making one takes seconds."""
    with world.begin(appliance()) as work:
        saml_keys.keep_first(work, our_key(), tools=world.wiring.saml, now=NOON)


def way_there(page: TestResponse) -> str:
    """The address at the provider that a page sends the browser to."""
    found = re.search(r'content="0; url=([^"]+)"', page.text)
    assert found is not None, page.text
    return unescape(found[1])


@dataclass
class Visit:
    """A browser on its way to a provider and back."""

    world: World
    browser: FlaskClient | None = None
    visitor: Visitor = field(default_factory=Visitor)

    def __post_init__(self) -> None:
        self.browser = self.browser or self.world.app.test_client()

    def answer(self, person: str = "writer", **query: str) -> str:
        """Go there, show who one is, and get the answer that is to be brought back."""
        assert self.browser is not None
        sent = self.browser.get(LOGIN, query_string={"provider": "corp", **query})
        brought = self.visitor.go(way_there(sent), person)
        assert brought.address.endswith(ANSWERS)
        return str(brought.fields["SAMLResponse"])

    def bring(self, answer: str, **fields: str) -> TestResponse:
        """Bring an answer, as the page does that a browser first arrives at."""
        assert self.browser is not None
        return self.browser.post(ANSWERS, data={"SAMLResponse": answer, "again": "yes", **fields})


def steps_of(page: TestResponse) -> dict[str, tuple[bool, str]]:
    """The steps of a trial, as a page shows them: whether each went well, and its answer."""
    found = re.findall(
        r'data-step="(\w+)".*?class="badge (\w+)".*?<code>(.*?)</code>', page.text, re.DOTALL
    )
    return {name: (badge == "good", unescape(answer)) for name, badge, answer in found}
