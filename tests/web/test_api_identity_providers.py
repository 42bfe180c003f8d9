"""`/admin/identity-providers` and identities: what is told, masked, changed and refused."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appliance.db.identity_providers import IdentityProvider
from appliance.domain.identity_providers import ProviderKind
from appliance.federation.oidc_settings import OidcSettings
from appliance.services import identity_providers
from tests.services.arrivals import OIDC, SECRET, arrive, claims, provider

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PLACE = "/api/v1/admin/identity-providers"
WANTED = {"name": "corp", "kind": "oidc", "label": "Corp", "settings": OIDC}


@pytest.fixture
def administrator(world):
    """The client of an administrator."""
    world.administrator()
    return world.client("administrator")


def settings(world):
    row = world.one(sa.select(IdentityProvider))
    with world.reading(world.actor("administrator")) as work:
        return identity_providers.settings_of(
            work, row.id, OidcSettings, sealer=world.wiring.sealer
        )


def test_a_secret_is_sealed_given_to_the_protocol_and_never_shown(world, administrator):
    made = administrator.post(PLACE, json=WANTED)

    assert (made.status_code, made.json["secrets"]) == (201, ["client_secret"])
    assert SECRET not in made.text + administrator.get(f"{PLACE}/corp").text
    row = world.one(sa.select(IdentityProvider))
    assert "client_secret" not in row.settings
    assert SECRET.encode() not in row.secrets
    assert settings(world).client_secret.get_secret_value() == SECRET
    assert SECRET not in repr(settings(world))


def test_a_change_keeps_what_it_does_not_name_secrets_too(world, administrator):
    administrator.post(PLACE, json=WANTED)

    changed = administrator.patch(
        f"{PLACE}/corp",
        json={
            "label": "Corporation",
            "settings": {"client_id": "other", "client_secret": ""},
            "policy": {"link_by": "name"},
            "domains": ["Corp.Example"],
        },
    ).json

    assert (changed["label"], changed["domains"]) == ("Corporation", ["corp.example"])
    assert (changed["policy"]["link_by"], changed["policy"]["creates_users"]) == ("name", False)
    assert settings(world).client_id == "other"
    assert settings(world).client_secret.get_secret_value() == SECRET
    told = world.recorded("auth.provider_changed")[0].body["changed"]
    assert told == ["domains", "label", "policy.link_by", "settings.client_id"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "Corp"}, "name"),
        ({"name": "kinds"}, "name"),
        ({"label": " "}, "label"),
        ({"settings": {"client_id": "x"}}, "settings.issuer_url"),
        ({"settings": {**OIDC, "issuer_url": "http://id.example"}}, "settings.issuer_url"),
        ({"settings": {**OIDC, "colour": "red"}}, "settings.colour"),
        ({"domains": ["no domain"]}, "domains"),
        ({"policy": {"link_by": "verified_email"}}, "policy.link_domains"),
        ({"policy": {"ask_again_seconds": 5}}, "policy.ask_again_seconds"),
        ({"policy": {"colour": "red"}}, "policy.colour"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(administrator, changes, field):
    refused = administrator.post(PLACE, json={**WANTED, **changes})

    assert refused.status_code == 422
    assert refused.json["errors"][0]["field"] == field
    assert SECRET not in refused.text


def test_a_name_or_a_domain_leads_to_one_provider_alone(administrator):
    administrator.post(PLACE, json={**WANTED, "domains": ["corp.example"]})

    assert administrator.post(PLACE, json=WANTED).status_code == 409
    other = {**WANTED, "name": "other", "domains": ["corp.example"]}
    assert administrator.post(PLACE, json=other).status_code == 422


def test_providers_are_put_in_order_switched_and_deleted(administrator):
    for name in ("one", "two", "three"):
        administrator.post(PLACE, json={**WANTED, "name": name})

    ordered = administrator.put(PLACE, json={"names": ["three", "one"]}).json["items"]
    assert [each["name"] for each in ordered] == ["three", "one", "two"]
    assert administrator.put(PLACE, json={"names": ["four"]}).status_code == 404
    assert administrator.patch(f"{PLACE}/two", json={"is_enabled": True}).json["is_enabled"]
    assert administrator.delete(f"{PLACE}/two").status_code == 409
    administrator.patch(f"{PLACE}/two", json={"is_enabled": False})
    assert administrator.get(f"{PLACE}/two/consequences").json["identities"] == 0
    assert administrator.delete(f"{PLACE}/two").status_code == 204
    assert administrator.get(f"{PLACE}/two").status_code == 404


def test_every_kind_says_what_it_can_be_told(administrator):
    found = {
        each["kind"]: each["settings"] for each in administrator.get(f"{PLACE}/kinds").json["items"]
    }

    assert set(found) == set(ProviderKind)
    assert all(field["label"] != field["name"] for form in found.values() for field in form)


def test_rules_are_added_listed_and_removed(world, administrator):
    world.team("lab/research") if world.organisation("lab") else None
    administrator.post(PLACE, json=WANTED)
    wanted = {"group": "engineers", "gives": "team", "target": "lab/research"}

    made = administrator.post(f"{PLACE}/corp/rules", json=wanted)

    assert (made.status_code, made.json["target"]) == (201, "lab/research")
    assert administrator.post(f"{PLACE}/corp/rules", json=wanted).status_code == 409
    assert administrator.get(f"{PLACE}/corp/rules").json["items"] == [made.json]
    assert administrator.delete(f"{PLACE}/corp/rules/{made.json['id']}").status_code == 204
    assert administrator.delete(f"{PLACE}/corp/rules/{made.json['id']}").status_code == 404


def test_an_administrator_links_and_unlinks_and_nobody_twice(world, administrator):
    world.user("writer")
    world.user("reader")
    administrator.post(PLACE, json=WANTED)
    place = "/api/v1/users/writer/identities"

    made = administrator.post(place, json={"provider": "corp", "subject": "s-1"})

    assert (made.status_code, made.json["linked_by"]) == (201, "administrator")
    again = administrator.post(
        "/api/v1/users/reader/identities", json={"provider": "corp", "subject": "s-1"}
    )
    assert again.status_code == 409
    assert [each["subject"] for each in administrator.get(place).json["items"]] == ["s-1"]
    assert administrator.delete(f"/api/v1/identities/{made.json['id']}").status_code == 204
    assert administrator.get(place).json["items"] == []


def test_a_user_sees_their_own_and_unlinks_none_that_they_did_not_link(world):
    by = provider(world)
    arrived = arrive(world, by, claims())
    world.user("stranger")
    place = f"/api/v1/identities/{arrived.identity_id}"

    own = world.client("writer")
    assert len(own.get("/api/v1/users/writer/identities").json["items"]) == 1
    assert own.delete(place).status_code == 409
    assert world.client("stranger").delete(place).status_code == 404
    other = provider(world, "other", administrator=world.actor("administrator-corp"))
    world.client("administrator-corp").post(
        "/api/v1/users/writer/identities", json={"provider": other.provider.name, "subject": "o"}
    )
    assert own.delete(place).status_code == 403
    assert world.client("administrator-corp").delete(place).status_code == 204


def test_only_administrators_put_in_order_and_only_the_console_breaks_glass(world, administrator):
    world.user("reader")
    reader = world.client("reader")
    administrator.post(PLACE, json=WANTED)

    assert reader.put(PLACE, json={"names": ["corp"]}).status_code == 403
    assert world.app.test_client().put(PLACE, json={"names": ["corp"]}).status_code == 401
    place, reason = "/api/v1/users/administrator/break-glass", {"reason": "r"}
    assert reader.post(place, json=reason).status_code == 403
    refused = administrator.post(place, json=reason)
    assert (refused.status_code, "console" in refused.json["detail"]) == (403, True)
    assert "auth.break_glass_used" not in world.events()
