"""A token makes nothing that opens more than itself, at whatever door it is shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from appliance.db.credentials import AccessToken, SshKey
from appliance.db.second_factors import AuthenticatorApp, KeyChallenge
from appliance.domain.permissions import Role, Scope
from tests.services.factor_kit import at_console, kit_of, set_up
from tests.world import PASSWORD

FACTORS = "/settings/factors"


@pytest.fixture
def writer(world):
    world.organisation("lab")
    world.repository("lab/notes")
    world.user("writer", password=PASSWORD, role=Role.WRITER, on="lab/notes")
    world.app.config["WTF_CSRF_ENABLED"] = False


@pytest.fixture
def public_key():
    public = Ed25519PrivateKey.generate().public_key()
    return public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


@pytest.mark.promise("P7")
@pytest.mark.parametrize("scopes", [(Scope.USER,), ()], ids=["of the account", "of everything"])
def test_a_token_sets_up_no_factor_that_would_let_its_holder_in(world, writer, scopes):
    thief = world.client("writer", *scopes)

    answers = [
        thief.get(f"{FACTORS}/app"),
        thief.post(f"{FACTORS}/app", data={"sealed": "00", "code": "123456", "title": "x"}),
        thief.post(f"{FACTORS}/key/asked"),
        thief.post(f"{FACTORS}/key", data={"answer": "{}", "title": "x"}),
    ]

    assert {each.status_code for each in answers} == {403}
    assert world.one(sa.select(KeyChallenge)) is None


@pytest.mark.promise("P7")
def test_a_token_takes_no_factor_away_and_makes_no_codes(world, writer):
    set_up(world, kit_of(world), at_console(world), now=datetime.now(UTC))
    factor_id = world.one(sa.select(AuthenticatorApp.id))
    thief = world.client("writer", Scope.USER)

    assert thief.post(f"{FACTORS}/{factor_id}/remove").status_code == 403
    assert thief.post(f"{FACTORS}/codes").status_code == 403

    assert world.one(sa.select(AuthenticatorApp.id)) == factor_id


@pytest.mark.promise("P7")
@pytest.mark.parametrize("narrowed", ["repositories", "networks"])
def test_a_narrowed_token_adds_no_key_that_would_open_more(world, writer, public_key, narrowed):
    soon = datetime.now(UTC) + timedelta(days=1)
    only = ["lab/notes"] if narrowed == "repositories" else None
    secret = world.token("writer", repositories=only, expires_at=soon)
    if narrowed == "networks":
        with world.wiring.database.engine.begin() as connection:
            connection.execute(sa.update(AccessToken).values(networks=["127.0.0.0/8"]))
    client = world.app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"

    answer = client.post("/api/v1/user/keys", json={"key": public_key, "title": "x"})

    assert answer.status_code == 403
    assert world.one(sa.select(SshKey)) is None
    assert (
        world.client("writer", Scope.USER)
        .post("/api/v1/user/keys", json={"key": public_key, "title": "x"})
        .status_code
        == 201
    )
