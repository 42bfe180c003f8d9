"""What the appliance does when it starts."""

import pytest

from appliance.domain.identity import appliance
from appliance.domain.permissions import InstanceRole
from appliance.errors import RefusedError
from appliance.services import starting


def test_a_start_is_an_event(world):
    with world.begin(appliance()) as work:
        starting.note(work, release="1.0", settings_digest="ab")

    assert world.events() == ["config.started"]


def test_only_the_appliance_and_administrators_say_that_it_started(world):
    with pytest.raises(RefusedError), world.begin(world.user()) as work:
        starting.note(work, release="1.0", settings_digest="ab")


def test_an_appliance_has_an_administrator_or_not(world):
    with world.reading(appliance()) as work:
        assert not starting.has_administrator(work)
    world.user(instance=InstanceRole.AUDITOR)
    with world.reading(appliance()) as work:
        assert not starting.has_administrator(work)
    world.administrator()
    with world.reading(appliance()) as work:
        assert starting.has_administrator(work)
