"""Exports that are cut off: they go on where they stopped, and become what they would have been."""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import resource
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from appliance.db.audit_log import AuditLog, AuditValue
from appliance.db.audit_removals import AuditErasedValue
from appliance.domain import events
from appliance.domain.ids import new_id
from appliance.errors import ConflictError, UnavailableError
from appliance.services.audit_log import bundle, drafts, tables
from appliance.services.audit_log import export as audit_export
from appliance.services.audit_log.export import Begun, Form, Wanted
from audit import trust, verify
from audit.verdict import Verdict
from tests.auditor import Auditor, unheard

STRETCH = 10
FORMS = pytest.mark.parametrize(
    ("form", "name"),
    [(Form.BUNDLE, "folder"), (Form.BUNDLE, "x.zip"), (Form.JSONL, "x.jsonl.gz"), (Form.CSV, "x")],
    ids=["folder", "zip", "jsonl", "csv"],
)
ROOT = Path(__file__).parents[2]


class StoppedError(BaseException):
    """The process ends here; nothing that could tidy up hears of it."""


@pytest.fixture
def logs(world):
    """Two logs, of 52 events and of 21, with personal values."""
    world.administrator()
    lab = world.organisation("lab")
    with world.begin(world.actor("administrator")) as work:
        for number in range(52):
            work.record(events.AccessRefused(reason=f"r{number % 3}", attempt=f"try {number}"))
        for number in range(21):
            said = {"reason": "again", "attempt": f"=there({number})"}
            work.record(events.AccessRefused(organisation_id=lab.id, **said))
    world.keep_log()
    return world


def planned(world, **wanted: object):
    """A plan of all logs with short stretches."""
    with world.reading(world.actor("administrator")) as work:
        made = audit_export.plan(work, Wanted(**wanted), now=datetime.now(UTC))
    return replace(made, stretch=STRETCH)


def write(world, plan, target, form, *, progress=unheard):
    """Write an export."""

    def opens():
        return world.reading(world.actor("administrator"))

    tools = world.wiring.logs
    if form is Form.BUNDLE:
        return bundle.write(opens, plan, target, tools=tools, progress=progress)
    return tables.write(opens, plan, target, form=form, tools=tools, progress=progress)


def record_more(world):
    """One event more, in a log that is being taken along."""
    with world.begin(world.actor("administrator")) as work:
        work.record(events.AccessRefused(reason="late", attempt="to be in it"))
    world.keep_log()


def stopping_after(steps):
    """A progress that ends everything when it is called for that time."""
    left = [steps]

    def progress(step, done=0, total=0):
        del step, done, total
        left[0] -= 1
        if not left[0]:
            raise StoppedError

    return progress


def contents(target):
    """All bytes of an export, by file."""
    if target.is_file():
        return {"": target.read_bytes()}
    files = (each for each in target.rglob("*") if each.is_file())
    return {each.relative_to(target).as_posix(): each.read_bytes() for each in files}


def spoil(draft):
    """Add to every file of a draft what was on its way to the disk."""
    for each in draft.rglob("*"):
        if each.is_file() and each.name != drafts.RECORD:
            with each.open("ab") as opened:
                opened.write(b"half a li")


@FORMS
def test_an_export_that_is_cut_off_anywhere_becomes_what_it_would_have_been(
    logs, tmp_path, form, name
):
    plan = planned(logs)
    whole = write(logs, plan, tmp_path / "whole" / name, form)

    for stop in (1, 4, 6, 8):
        target = tmp_path / str(stop) / name
        with pytest.raises(StoppedError):
            write(logs, plan, target, form, progress=stopping_after(stop))
        assert not target.exists()
        spoil(drafts.folder_of(target))
        # What was recorded meanwhile is not in it: it is planned anew, and keeps its first plan.
        record_more(logs)
        done = write(logs, planned(logs), target, form)

        assert done.begun is Begun.RESUMED
        assert contents(target) == contents(tmp_path / "whole" / name)
        assert (done.sha256, done.counts) == (whole.sha256, whole.counts)
        assert [each.name for each in target.parent.iterdir()] == [name]


@FORMS
def test_an_export_that_is_cut_off_again_and_again_still_ends(logs, tmp_path, form, name):
    plan = planned(logs)
    write(logs, plan, tmp_path / "whole", form)
    target, attempts = tmp_path / "again" / name, 0

    while not target.exists():
        attempts += 1
        with suppress(StoppedError):
            write(logs, plan, target, form, progress=stopping_after(2))

    assert attempts > 4
    if target.suffix != ".zip":
        assert contents(target) == contents(tmp_path / "whole")


def test_a_query_finds_the_same_after_a_break(logs, tmp_path):
    plan = planned(logs, query="r1", log="instance")
    write(logs, plan, tmp_path / "whole", Form.JSONL)
    with pytest.raises(StoppedError):
        write(logs, plan, tmp_path / "x", Form.JSONL, progress=stopping_after(4))

    write(logs, plan, tmp_path / "x", Form.JSONL)

    assert contents(tmp_path / "x") == contents(tmp_path / "whole")
    lines = gzip.decompress((tmp_path / "x").read_bytes()).splitlines()
    assert {json.loads(line)["body"]["reason"] for line in lines} == {"r1"}


CHILD = """
import os, signal, sys
from pathlib import Path
from datetime import UTC, datetime
from appliance import wiring
from appliance.services.audit_log.export import Form
from appliance.settings import load
from tests.services import test_audit_export_drafts as tests
from tests.world import World

home, url, target, form, *stops = sys.argv[1:]

def write(stop):
    world, left = World(Path(home), url), [stop]

    def progress(step, done=0, total=0):
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)

    tests.write(world, tests.planned(world), Path(target), Form(form), progress=progress)

# Each writes in a copy of this process: what is imported once serves all of them.
for stop in stops:
    if (pid := os.fork()) == 0:
        ended = 1
        try:
            write(int(stop))
            ended = 0
        finally:
            os._exit(ended)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), int(Path(target).exists()))
"""


def in_processes(world, target, form, stops):
    """Write an export in one process after the other, each of which is killed after so many steps;
    gives how each ended, and whether the export was there then.
    """
    url = world.environment["CODARA_DATABASE__URL"]
    words = [str(world.home), url, str(target), str(form), *map(str, stops)]
    child = [sys.executable, "-c", CHILD, *words]
    said = subprocess.run(child, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [tuple(map(int, line.split())) for line in said.splitlines()]


@pytest.mark.parametrize("form", [Form.BUNDLE, Form.JSONL])
def test_a_killed_writer_leaves_what_the_next_one_goes_on_with(logs, tmp_path, form):
    auditor = Auditor(logs, logs.actor("administrator"), tmp_path)
    logs.keep_log()
    target = tmp_path / "out" / "x"

    killed = (-signal.SIGKILL, False)
    assert in_processes(logs, target, form, (4, 3, 0)) == [killed, killed, (0, True)]

    assert [each.name for each in target.parent.iterdir()] == ["x"]
    if form is Form.BUNDLE:
        found = verify.verify(target, trust.read(auditor.keys.read_bytes()))
        assert found.verdict is Verdict.GOOD, found.problems
    else:
        with gzip.open(target) as lines:
            found = [json.loads(line) for line in lines]
        assert [each["index"] for each in found if each["log"] != "instance"] == list(range(21))
        instance = [each["index"] for each in found if each["log"] == "instance"]
        assert instance == list(range(len(instance)))
        assert len(instance) >= 52


def test_a_disk_that_fills_keeps_what_is_written(logs, tmp_path):
    plan = planned(logs)
    write(logs, plan, tmp_path / "whole", Form.CSV)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(step, done=0, total=0):
        # A limit of files' sizes fails the same system call as a full disk does.
        if done >= 3 * STRETCH:
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))

    try:
        with pytest.raises(UnavailableError, match="is kept"):
            write(logs, plan, tmp_path / "x", Form.CSV, progress=fill)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not (tmp_path / "x").exists()

    assert write(logs, plan, tmp_path / "x", Form.CSV).begun is Begun.RESUMED
    assert contents(tmp_path / "x") == contents(tmp_path / "whole")


def begun(world, target, plan, form=Form.JSONL):
    """Begin an export, and stop in its middle."""
    with pytest.raises(StoppedError):
        write(world, plan, target, form, progress=stopping_after(4))


def test_what_is_asked_otherwise_begins_anew(logs, tmp_path):
    target = tmp_path / "x"
    begun(logs, target, planned(logs))

    done = write(logs, planned(logs, log="instance"), target, Form.JSONL)

    assert done.begun is Begun.ANEW
    assert len(gzip.decompress(target.read_bytes()).splitlines()) == done.counts.matched == 52
    assert write(logs, planned(logs), tmp_path / "y", Form.JSONL).begun is Begun.FIRST


def test_what_was_erased_meanwhile_is_in_no_export_that_goes_on(logs, tmp_path):
    target, plan = tmp_path / "x", planned(logs, log="instance")
    begun(logs, target, plan)
    log_id = logs.one(sa.select(AuditLog.id).where(AuditLog.name == "instance"))
    first = (AuditValue.log_id == log_id, AuditValue.idx == 1)
    said = logs.one(sa.select(AuditValue).where(*first, AuditValue.field == "attempt"))
    place = {"log_id": log_id, "idx": 1, "number": said.number, "field": said.field}
    with logs.wiring.database.engine.begin() as connection:
        connection.execute(sa.insert(AuditErasedValue).values(event_id=new_id(), **place))
        connection.execute(sa.delete(AuditValue).where(*first, AuditValue.number == said.number))

    done = write(logs, plan, target, Form.JSONL)

    assert done.begun is Begun.ANEW
    assert '"try 1"' not in gzip.decompress(target.read_bytes()).decode()


@pytest.mark.parametrize("damage", ["shorter", "other", "gone", "record"])
def test_a_damaged_draft_is_written_anew(logs, tmp_path, damage):
    target, plan = tmp_path / "x", planned(logs)
    write(logs, plan, tmp_path / "whole", Form.JSONL)
    begun(logs, target, plan)
    lines = drafts.folder_of(target) / "lines"
    if damage == "shorter":
        os.truncate(lines, 50)
    elif damage == "other":
        lines.write_bytes(b"x" + lines.read_bytes()[1:])
    elif damage == "gone":
        lines.unlink()
    else:
        (drafts.folder_of(target) / drafts.RECORD).write_text("{")

    assert write(logs, plan, target, Form.JSONL).begun is Begun.ANEW
    assert contents(target) == contents(tmp_path / "whole")


def test_two_never_write_the_same_export(logs, tmp_path):
    target, plan = tmp_path / "x", planned(logs)
    begun(logs, target, plan)
    other = os.open(drafts.folder_of(target), os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)

    with pytest.raises(ConflictError):
        write(logs, plan, target, Form.JSONL)
    os.close(other)

    assert write(logs, plan, target, Form.JSONL).begun is Begun.RESUMED


def test_what_another_account_laid_there_is_not_written_into(logs, tmp_path):
    target, elsewhere = tmp_path / "x", tmp_path / "elsewhere"
    elsewhere.mkdir()
    drafts.folder_of(target).symlink_to(elsewhere)

    write(logs, planned(logs), target, Form.JSONL)

    assert target.is_file()
    assert not target.is_symlink()
    assert list(elsewhere.iterdir()) == []
