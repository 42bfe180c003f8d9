"""`codara audit prune` at the console: what it would remove, what it removes, and who may."""

from functools import partial

import pytest
import sqlalchemy as sa

from appliance.db.audit_log import AuditBody, AuditLog
from appliance.services.audit_log import removal
from tests.auditor import Auditor, act, unheard
from tests.world import NOON


@pytest.fixture
def console(world, say, monkeypatch):
    """Say a command at the console of a world with 600 events; its wiring has no sequencer."""
    for name, value in world.environment.items():
        monkeypatch.setenv(name, value)
    act(world, world.administrator(), 600)
    world.keep_log()
    return lambda *words: say("audit", "prune", *words, "--home", world.home)


def bodies(world):
    return world.one(sa.select(sa.func.count()).select_from(AuditBody))


def test_what_would_go_is_said_first(console, world):
    (row,) = console("--bodies-before", "599", "--dry-run", "--json").json

    assert (row["log"], row["what"], row["end"]) == ("instance", "bodies", 512)
    assert bodies(world) == 600
    assert world.recorded("log.pruned") == []
    assert "512" in console("--bodies-before", "2099-01-01", "--dry-run").out
    assert "Nothing is old enough" in console().out
    assert "Nothing is old enough" in console("--bodies-before", "2020-01-01").out


def test_it_is_allowed_first_and_removed_once_that_is_signed(console, world, tmp_path):
    auditor = Auditor(world, world.actor("administrator"), tmp_path)
    (row,) = console("--entries-before", "599", "--yes", "--json").json
    assert (row["removed"], row["is_finished"]) == (0, False)
    assert "The appliance does that by itself" in console("--bodies-before", "300", "--yes").out

    world.keep_log()
    assert console("--entries-before", "599", "--yes").code == 5
    done = finish(world)

    assert [each.removed for each in done] == [512, 0]
    assert world.one(sa.select(AuditLog.minimum)) == 512
    assert auditor.look()[0] == 0


def finish(world):
    """What the job of the running appliance does."""
    administrator = world.actor("administrator")
    with world.reading(administrator) as work:
        found = removal.unfinished(work)
    begins = partial(world.begin, administrator)
    return [
        removal.carry_out(begins, each, tools=world.wiring.logs, now=NOON, report=unheard)
        for each in found
    ]


def test_only_administrators_and_only_who_means_it(console, world):
    world.user("somebody")

    assert console("--bodies-before", "599", "--yes", "--as", "somebody").code == 3
    assert console("--bodies-before", "599").code != 0
    assert console("--log", "gone", "--bodies-before", "599", "--yes").code == 4
    assert console("--bodies-before", "yesterday").code == 2
    assert bodies(world) == 600
