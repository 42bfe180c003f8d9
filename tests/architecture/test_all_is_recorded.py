"""Whatever changes something records it, and so does whatever the policy of reads names.

The doors are enumerated from the application itself: addresses, commands, jobs. What each may
record is read from the source, along everything that it names.
"""

from __future__ import annotations

import inspect
from pathlib import Path

import click
import flask
import pytest

from appliance.cli.__main__ import codara
from appliance.domain import events
from appliance.domain.events import registry
from appliance.domain.jobs import Job
from appliance.jobs import tasks
from appliance.settings import load
from appliance.web.app import create_app
from appliance.wiring import build
from script.command_reference import commands
from tests.architecture.call_graph import reached
from tests.permissions.recorded import (
    AT_THE_CONSOLE,
    BY_ITSELF,
    CHANGES,
    NOTHING,
    READS,
    REFUSALS,
)
from tests.permissions.recorded_jobs import JOBS, JOBS_THAT_ONLY_MEASURE

KINDS = {f"appliance.domain.events.{each.__name__}": each.kind for each in events.all_events()}
READING = {each.kind for each in events.all_events() if each.is_read} | {
    *("audit.export_downloaded", "audit.trust_exported", "audit.state_read"),
}
GIVING = {
    "appliance.services.files.archive",
    "appliance.services.files.chunks",
    "appliance.services.exports.chunks",
    "appliance.services.transfers.fetch",
    "appliance.web.pages.lists.export",
}
"""What gives content away. Pages that show a file in parts are no raw reads."""
OF_EACH_PROCESS = {"audit.node_started", "audit.heartbeat"}
PROCESSES = {"serve", "worker", "scheduler", "events", "migrate"}
ADVICE = "Say what it records, or why it records nothing, in permissions/recorded*.py."


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> flask.Flask:
    """The application, without a database: nothing is asked of it."""
    home: Path = tmp_path_factory.mktemp("home")
    return create_app(build(home, load(file=None, environment={})))


def routes(app: flask.Flask) -> dict[str, str]:
    """Every address with its method, and the function that answers it."""
    found = {}
    for rule in app.url_map.iter_rules():
        view = inspect.unwrap(app.view_functions[rule.endpoint])
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            found[f"{method} {rule.rule}"] = named(view)
    return found


def named(function: object) -> str:
    """The dotted name of a function, or of the one that it was made in."""
    function = inspect.unwrap(getattr(function, "func", function))
    return f"{function.__module__}.{function.__qualname__.partition('.')[0]}"


def recorded_by(name: str) -> set[str]:
    """The actions that a function may record."""
    return {KINDS[each] for each in reached(name) if each in KINDS} - REFUSALS


def test_every_address_that_changes_something_says_what_it_records(app):
    routed = {each for each in routes(app) if not each.startswith("GET ")}
    said = CHANGES.keys() | NOTHING.keys() | {each for each in READS if each in routed}

    assert sorted(routed - said) == [], ADVICE
    assert sorted(said - routed) == [], "Take these out of permissions/recorded.py."


def test_an_address_records_what_is_said_of_it(app):
    known = routes(app)
    tables = CHANGES | READS
    lying = {
        each: sorted(set(actions.split()) - recorded_by(known[each]))
        for each, actions in tables.items()
        if each in known
    }

    assert {each: missing for each, missing in lying.items() if missing} == {}


def test_what_says_that_it_records_nothing_does_not(app):
    known = routes(app)

    assert [each for each in NOTHING if recorded_by(known[each]) - {"lfs.locked"}] == []


def test_every_address_that_gives_something_away_is_a_read_that_is_recorded(app):
    known = routes(app)
    giving = {each for each, view in known.items() if reached(view) & GIVING}
    reading = {
        each
        for each, view in known.items()
        if recorded_by(view) & READING and each.startswith("GET ")
    }

    assert sorted((giving | reading) - READS.keys() - CHANGES.keys()) == [], ADVICE
    assert sorted(READS.keys() - known.keys()) == []


@pytest.mark.parametrize("job", Job, ids=str)
def test_every_job_records_what_is_said_of_it(job):
    task = tasks.TASKS[job]
    found = set().union(*(recorded_by(named(each)) for each in (task.do, task.give_up) if each))

    if job in JOBS_THAT_ONLY_MEASURE:
        assert found == set()
    else:
        assert found == set(JOBS[job].split()), ADVICE


def test_every_command_asks_the_api_or_says_what_it_records():
    """Those that record by themselves act in the home folder: no address stands between."""
    found = {
        each.command_path.removeprefix("codara "): recorded_by(named(each.command.callback))
        for each in commands(codara, None, "codara")
        if not isinstance(each.command, click.Group)
    }
    acting = {each for each, actions in found.items() if actions - OF_EACH_PROCESS} - PROCESSES
    lying = {each: set(said.split()) - found[each] for each, said in AT_THE_CONSOLE.items()}

    assert sorted(acting - AT_THE_CONSOLE.keys()) == [], ADVICE
    assert [each for each, missing in lying.items() if missing] == []


def test_what_no_door_records_runs_by_itself():
    said = {
        action
        for table in (CHANGES, READS, JOBS, AT_THE_CONSOLE)
        for actions in table.values()
        for action in actions.split()
    }
    recorded = {each.name for each in registry.actions() if each.is_emitted} - REFUSALS

    assert sorted(recorded - said - BY_ITSELF.keys()) == [], ADVICE
    assert sorted(BY_ITSELF.keys() - recorded) == []
