"""Second factors for tests: setting one up, and the two steps of signing in."""

from __future__ import annotations

import base64
from dataclasses import replace

from appliance.domain.identity import Actor, Method, Origin, stranger
from appliance.security import one_time_codes
from appliance.security.throttle import PER_ADDRESS, PER_USER, Throttle
from appliance.security.throttle_stores import MemoryStore
from appliance.services import second_factors, second_step, sign_in
from tests.world import NOON, PASSWORD, World

ORIGIN = Origin(address="192.0.2.7", user_agent="a browser", request_id="r1")


def kit_of(world: World):
    """What checks a second factor, with a throttle of its own, so that no test slows another."""
    own = replace(
        world.wiring.sign_in,
        per_user=Throttle(MemoryStore(), PER_USER),
        per_address=Throttle(MemoryStore(), PER_ADDRESS),
    )
    return replace(world.wiring.factors, sign_in=own)


def at_console(world: World, name="writer") -> Actor:
    return world.actor(name, method=Method.CONSOLE)


def offered(world: World, kit, actor, now=NOON):
    """A secret that an app may learn, as the form carries it and as the app keeps it."""
    with world.reading(actor) as work:
        offer = second_factors.offer_app(work, tools=kit, now=now)
    return offer, base64.b32decode(offer.secret.replace(" ", ""))


def set_up(world: World, kit, actor, now=NOON, title="phone"):
    """An app that counts: its secret, and the recovery codes."""
    offer, secret = offered(world, kit, actor, now)
    with world.begin(actor) as work:
        made = second_factors.add_app(
            work,
            sealed=offer.sealed,
            code=one_time_codes.code_at(secret, now),
            title=title,
            tools=kit,
            now=now,
        )
    return secret, made.codes


def first_step(world: World, kit, name="writer", now=NOON):
    """Sign in by a password; with a second factor that leads to waiting."""
    with world.reading(stranger(ORIGIN)) as work:
        proof = sign_in.check_password(
            work, name_or_email=name, password=PASSWORD, tools=kit.sign_in
        )
    with world.begin(stranger(ORIGIN)) as work:
        return sign_in.sign_in(work, proof, tools=kit.sign_in, now=now)


def second(world: World, kit, waiting, code, now=NOON):
    with world.begin(stranger(ORIGIN)) as work:
        return second_step.enter_by_code(work, waiting.secret, code=code, tools=kit, now=now)
