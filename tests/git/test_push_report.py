"""Git's report of a push: which pushes are settled by it, and that it is read to the letter."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from uuid import UUID

import pytest

from appliance.domain.protection import NO_OBJECT, RefUpdate
from appliance.errors import UnavailableError
from appliance.git import hooks, process, transport
from appliance.git.hook_line import Answer, Question
from appliance.git.packets import FLUSH, packet
from appliance.git.push_report import COMMANDS_BYTES, Report, plain_commands

ONE = UUID("0199aaaa-0000-7000-8000-00000000beef")
OLD, NEW = "1" * 40, "2" * 40
SAID = b"\0 report-status-v2 side-band-64k object-format=sha1 agent=git/2.39.5"
MAIN = f"{OLD} {NEW} refs/heads/main".encode()
TAG = f"{NO_OBJECT} {NEW} refs/tags/v1".encode()


@pytest.fixture
def folder(store) -> Path:
    hooks.install(store.home)
    return store.create(ONE)


@pytest.fixture
def push(store, folder, working_copy):
    """Make these refs, as a client would that wants a report; gives what it reads, and git."""
    oid = process.run(["rev-parse", "main"], at=working_copy / ".git").strip()
    words = ["pack-objects", "--revs", "--stdout", "-q"]
    pack = process.run(words, at=working_copy / ".git", input=b"main\n")

    def act(answer, *refs: bytes):
        first, *rest = [b"%s %s %s" % (NO_OBJECT.encode(), oid, ref) for ref in refs]
        body = b"".join([packet(first + SAID), *map(packet, rest), FLUSH, pack])
        transfer = transport.receive(
            folder,
            io.BytesIO(body),
            protocol="",
            push=transport.Push("capability", store.home / "no.sock", store.home, "seed"),
            limits=transport.TransferLimits(),
            answer=answer,
        )
        try:
            return b"".join(transfer)
        finally:
            transfer.close()

    return act


def sideband(payload: bytes, band: bytes = b"\1") -> bytes:
    return packet(band + payload)


def heard(*chunks: bytes) -> Report:
    report = Report()
    for chunk in chunks:
        report.hear(chunk)
    return report


def test_a_few_refs_that_are_made_or_moved_are_plain():
    start = packet(MAIN + SAID + b"\n") + packet(TAG + b"\n") + FLUSH + b"PACK and more"

    assert plain_commands(start) == (
        RefUpdate(b"refs/heads/main", OLD, NEW),
        RefUpdate(b"refs/tags/v1", NO_OBJECT, NEW),
    )


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(FLUSH, id="a question whether a push would be let in"),
        pytest.param(b"PUSH", id="no line"),
        pytest.param(b"0001", id="another kind of end"),
        pytest.param(packet(MAIN + SAID), id="no end"),
        pytest.param(packet(MAIN + SAID) + packet(TAG), id="no end of more"),
        pytest.param(packet(MAIN + SAID) + b"0004" + FLUSH, id="an empty line"),
        pytest.param(packet(MAIN) + FLUSH, id="a client that says nothing"),
        pytest.param(packet(MAIN + b"\0report-status") + FLUSH, id="no bands"),
        pytest.param(packet(MAIN + b"\0side-band-64k") + FLUSH, id="no report"),
        pytest.param(packet(MAIN + SAID + b" push-options") + FLUSH, id="options"),
        pytest.param(packet(MAIN + SAID) + packet(TAG + b"\0push-options") + FLUSH, id="late"),
        pytest.param(packet(b"push-cert" + SAID) + packet(MAIN) + FLUSH, id="a certificate"),
        pytest.param(packet(b"shallow " + OLD.encode() + SAID) + FLUSH, id="a shallow clone"),
        pytest.param(packet(MAIN.replace(b"main", b"a\nb") + SAID) + FLUSH, id="a line break"),
        pytest.param(packet(MAIN.replace(b"2", b"0") + SAID) + FLUSH, id="a ref is deleted"),
    ],
)
def test_all_else_is_told_by_a_hook(start):
    assert plain_commands(start) is None


def test_more_commands_than_are_looked_at_are_told_by_a_hook():
    lines = [packet(MAIN + SAID), *(packet(b"%s%d" % (TAG, n)) for n in range(40)), FLUSH]

    assert plain_commands(b"".join(lines)[:COMMANDS_BYTES]) is None


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_report_is_read_however_it_comes(size):
    report = packet(b"unpack ok\n") + packet(b"ok refs/heads/main\n")
    report += packet(b"ng refs/heads/other failed to update\nok refs/heads/forged\n")
    report += packet(b"option refname refs/heads/elsewhere\n") + packet(b"ok refs/tags/v1\n")
    report += FLUSH
    said = sideband(b"ok refs/heads/progress\n", b"\2") + sideband(b"") + sideband(report[:30])
    said += sideband(report[30:]) + FLUSH

    found = heard(*(said[at : at + size] for at in range(0, len(said), size)))

    assert found.moved == {b"refs/heads/main", b"refs/tags/v1"}
    assert not heard(sideband(b""), sideband(b"progress", b"\2")).has_begun


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(sideband(packet(b"unpack ok\n") + packet(b"ok refs/heads/main\n")), id="half"),
        pytest.param(sideband(packet(b"ok refs/heads/main\n") + b"zzzz"), id="no line"),
        pytest.param(packet(b"ok refs/heads/main\n") + FLUSH, id="no band"),
        pytest.param(sideband(packet(b"ok refs/heads/main\n") + FLUSH) + b"fatal", id="more"),
        pytest.param(sideband(b"x" * 60_000) * 6, id="too much"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_what_is_no_whole_report_tells_nothing(said):
    assert heard(said).moved == frozenset()


def test_the_owner_is_told_before_the_client_and_by_no_hook(store, push):
    told: list[tuple[Question, str]] = []

    def answer(question: Question) -> Answer:
        told.append((question, threading.current_thread().name))
        return Answer(is_yes=True)

    said = push(answer, b"refs/heads/main", b"refs/heads/main.lock", b"refs/heads/other")

    (before, asking), (after, telling) = told
    assert (before.hook, asking) == ("pre-receive", "push hooks")
    assert (after.hook, telling) == ("post-receive", threading.current_thread().name)
    assert [each.ref for each in after.updates] == [b"refs/heads/main", b"refs/heads/other"]
    assert b"ok refs/heads/main\n" in said
    assert b"ng refs/heads/main.lock" in said
    assert said.endswith(FLUSH)


def test_nothing_is_told_where_nothing_moved(push):
    told = []

    def answer(question: Question) -> Answer:
        told.append(question.hook)
        return Answer(is_yes=False, messages=("Not today.",))

    said = push(answer, b"refs/heads/main")

    assert told == ["pre-receive"]
    assert b"Not today." in said


def test_an_owner_that_fails_to_take_notice_undoes_nothing(folder, push):
    def answer(question: Question) -> Answer:
        if question.hook == "post-receive":
            raise UnavailableError("The database is away.")
        return Answer(is_yes=True)

    said = push(answer, b"refs/heads/main")

    assert b"Your push is stored. The appliance will notice it a little later." in said
    assert b"ok refs/heads/main\n" in said
    assert process.run(["for-each-ref", "--format=%(refname)"], at=folder) == b"refs/heads/main\n"
