"""A SCIM client of the appliance, in a few words, for tests."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from appliance.domain.identity_providers import ProviderKind
from appliance.services import scim_tokens
from tests.services.arrivals import provider
from tests.world import NOON, World

CORE = "urn:ietf:params:scim:schemas:core:2.0"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


class Client:
    """A client with a token for one provider. Its state: the token."""

    def __init__(self, world: World, token: str, address: str = "127.0.0.1") -> None:
        self.world, self.token = world, token
        self._http = world.app.test_client()
        self._http.environ_base["REMOTE_ADDR"] = address

    def at(self, address: str) -> Client:
        """The same client, connecting from there."""
        return Client(self.world, self.token, address)

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send a request; gives the answer of Flask's client."""
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._http.open(
            f"/scim/v2{path}",
            method=method,
            json=body,
            headers={"Authorization": f"Bearer {self.token}", **said},
        )

    def get(self, path: str, **asked: Any) -> Any:
        """What an address says, which has to say something."""
        answer = self._http.get(
            f"/scim/v2{path}",
            query_string=asked,
            headers={"Authorization": f"Bearer {self.token}"},
        )
        assert answer.status_code == 200, answer.text
        return answer.json

    @staticmethod
    def query(**asked: Any) -> str:
        """The part of an address behind the question mark."""
        return urlencode(asked)

    def user(self, name: str = "writer", /, **said: Any) -> Any:
        """A new user."""
        answer = self("POST", "/Users", {"schemas": [f"{CORE}:User"], "userName": name, **said})
        assert answer.status_code == 201, answer.text
        return answer.json

    def group(self, name: str, *members: str, **said: Any) -> Any:
        """A new group with these users in it, by their ids."""
        body = {"schemas": [f"{CORE}:Group"], "displayName": name, **said}
        answer = self("POST", "/Groups", body | {"members": [{"value": each} for each in members]})
        assert answer.status_code == 201, answer.text
        return answer.json

    def patch(self, path: str, *operations: dict[str, Any], **headers: str) -> Any:
        """Some changes at once."""
        body = {"schemas": [PATCH], "Operations": list(operations)}
        return self("PATCH", path, body, **headers)

    def names(self, text: str, path: str = "/Users", **asked: Any) -> list[str]:
        """Who is found by a filter, in order."""
        found = self.get(path, filter=text, **asked)["Resources"]
        return [each.get("userName") or each["displayName"] for each in found]


def token(world: World, name: str = "entra") -> str:
    """A token for a provider that is there."""
    with world.begin(world.actor(f"administrator-{name}")) as work:
        made = scim_tokens.make(
            work, name, name="first", expires_at=None, tools=world.wiring.sign_in, now=NOON
        )
    return made.secret


def client(world: World, name: str = "entra", **policy: Any) -> Client:
    """A client of a new provider that is switched on and creates users."""
    world.configure(CODARA_ACCESS__TOKENS_MAY_NEVER_EXPIRE="true")
    provider(world, name, kind=ProviderKind.SCIM, settings={}, **policy)
    return Client(world, token(world, name))
