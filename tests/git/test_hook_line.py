"""The line between hooks and who started git: with real pushes, and with forged words."""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest

from appliance.domain.protection import RefUpdate
from appliance.git import hooks, process, transport
from appliance.git.hook_line import ASK, HEAR, Answer, HookLine, Question
from appliance.git.packets import FLUSH, packet

ONE = UUID("0199aaaa-0000-7000-8000-00000000beef")
CAPABILITY = "capability-of-this-push"
NOTHING = "0" * 40
YES = Answer(is_yes=True)


@pytest.fixture
def folder(store) -> Path:
    hooks.install(store.home)
    return store.create(ONE)


@pytest.fixture
def receive(store, folder) -> Callable[..., bytes]:
    """Send a push as a client would; gives all that git answers."""

    def run(body: bytes, answer: Callable[[Question], Answer]) -> bytes:
        transfer = transport.receive(
            folder,
            io.BytesIO(body),
            protocol="",
            push=transport.Push(CAPABILITY, store.home / "no.sock", store.home, "seed"),
            limits=transport.TransferLimits(),
            answer=answer,
        )
        try:
            return b"".join(transfer)
        finally:
            transfer.close()

    return run


@contextmanager
def begun(answer: Callable[[Question], Answer]) -> Iterator[tuple[HookLine, dict[str, str]]]:
    """A line whose far ends this process keeps, as git would."""
    line = HookLine(CAPABILITY, answer)
    ask, hear = (os.dup(handle) for handle in line.handles)
    line.begin()
    try:
        yield line, {ASK: f"/dev/fd/{ask}", HEAR: f"/dev/fd/{hear}"}
    finally:
        line.close()
        os.close(ask)
        os.close(hear)


def run_hook(
    store, name: str, updates: bytes, environment: dict[str, str]
) -> subprocess.CompletedProcess[bytes]:
    handles = [int(path.rpartition("/")[2]) for path in environment.values() if "/dev/fd" in path]
    return subprocess.run(
        [hooks.push_hooks(store.home) / name],
        input=updates,
        env={"PATH": process.PATH, "CODARA_PUSH": CAPABILITY, **environment},
        pass_fds=handles,
        capture_output=True,
        check=False,
    )


def commands(oid: str, *refs: bytes, said: bytes = b"report-status side-band-64k") -> bytes:
    first, *rest = [b"%s %s %s" % (NOTHING.encode(), oid.encode(), ref) for ref in refs]
    lines = [packet(first + b"\0" + said), *map(packet, rest)]
    return b"".join([*lines, FLUSH])


def pack_of(working_copy: Path) -> bytes:
    words = ["pack-objects", "--revs", "--stdout", "-q"]
    return process.run(words, at=working_copy / ".git", input=b"main\n")


def head_of(working_copy: Path) -> str:
    return process.run(["rev-parse", "main"], at=working_copy / ".git").decode().strip()


def refs_of(folder: Path) -> bytes:
    return process.run(["for-each-ref", "--format=%(refname)"], at=folder)


@pytest.mark.parametrize("said", [b"report-status side-band-64k", b"report-status"])
def test_both_hooks_ask_their_owner_and_start_no_program_of_ours(
    receive, folder, working_copy, said
):
    """Or the owner reads in git's report what the second would say, and need not be told."""
    asked: list[Question] = []

    def answer(question: Question) -> Answer:
        asked.append(question)
        return YES

    oid = head_of(working_copy)
    receive(commands(oid, b"refs/heads/main", said=said) + pack_of(working_copy), answer)

    before, after = asked
    assert (before.hook, after.hook) == ("pre-receive", "post-receive")
    assert before.updates == after.updates == (RefUpdate(b"refs/heads/main", NOTHING, oid),)
    assert "tmp_objdir-incoming" in before.quarantine["GIT_QUARANTINE_PATH"]
    assert refs_of(folder) == b"refs/heads/main\n"


def test_a_no_moves_nothing_and_its_reasons_reach_the_person(receive, folder, working_copy):
    reasons = [f"Reason {number} is long enough to fill a pipe." for number in range(3000)]

    said = receive(
        commands(head_of(working_copy), b"refs/heads/main") + pack_of(working_copy),
        lambda _question: Answer(is_yes=False, messages=(*reasons, "Not\x1b[2J today.")),
    )

    assert b"Reason 2999" in said
    assert "Not\N{REPLACEMENT CHARACTER}[2J today.".encode() in said
    assert refs_of(folder) == b""


def test_a_failing_owner_refuses(receive, folder, working_copy, monkeypatch):
    failed: list[object] = []
    monkeypatch.setattr("threading.excepthook", failed.append)

    def answer(_question: Question) -> Answer:
        raise KeyError("something unforeseen")

    said = receive(
        commands(head_of(working_copy), b"refs/heads/main") + pack_of(working_copy), answer
    )

    assert b"does not answer now. Nothing was changed." in said
    assert refs_of(folder) == b""
    assert len(failed) == 1


@pytest.mark.promise("P14")
def test_line_breaks_in_a_ref_end_no_question(receive, folder, working_copy):
    """A pusher who guesses the form of a question, but does not know the capability."""
    oid, asked = head_of(working_copy), []
    forged = b"refs/heads/mine\n\npost-receive\n\nyes\ncapability\n"

    def answer(question: Question) -> Answer:
        asked.append(question)
        return Answer(is_yes=False)

    body = commands(oid, b"refs/heads/first", forged, b"refs/heads/protected")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("threading.excepthook", lambda _failure: None)
        receive(body + pack_of(working_copy), answer)

    # Either git refuses the name before it asks, or nobody is asked about less than all of it.
    assert all(b"refs/heads/protected" in {u.ref for u in each.updates} for each in asked)
    assert refs_of(folder) == b""


def test_2500_refs_with_bytes_of_any_kind_go_through(receive, folder, working_copy):
    refs = [b"refs/tags/t%d" % n for n in range(2499)] + [b"refs/heads/\x81\x88\xff\xc3\xa9"]
    asked: list[Question] = []
    process.run(["config", "core.fsync", "none"], at=folder)  # The disk is not tested.

    def answer(question: Question) -> Answer:
        asked.append(question)
        return YES

    receive(commands(head_of(working_copy), *refs) + pack_of(working_copy), answer)

    assert [update.ref for update in asked[0].updates] == refs
    assert len(refs_of(folder).splitlines()) == len(refs)


@pytest.mark.parametrize("name", hooks.NAMES)
def test_an_owner_that_has_gone_is_no_yes(store, folder, name):
    line = HookLine(CAPABILITY, lambda _question: YES)
    environment, handles = line.environment, [os.dup(handle) for handle in line.handles]
    line.close()
    there = {ASK: f"/dev/fd/{handles[0]}", HEAR: f"/dev/fd/{handles[1]}"}

    done = run_hook(store, name, b"a b refs/heads/main\n", there)
    for handle in handles:
        os.close(handle)

    assert set(environment) == {ASK, HEAR}
    assert done.returncode != 0


def test_a_list_of_refs_that_breaks_off_is_not_answered(store, folder):
    asked: list[Question] = []
    with begun(lambda question: asked.append(question) or YES) as (_line, environment):
        said = f"pre-receive\n\n{NOTHING} {NOTHING} refs/heads/a\n{NOTHING} "
        Path(environment[ASK]).write_text(said)

    assert asked == []


@pytest.mark.parametrize(
    "question",
    [
        "",
        "pre-receive",
        "pre-receive\n",
        "update\n\n{update}",
        "pre-receive\n\n",
        "pre-receive\n\n{update}\n",
        "pre-receive\n\n{update}\n{update}\n\n{update}",
        "pre-receive\n\n{nothing} {nothing} ",
        "pre-receive\n\n{nothing} {nothing}",
        "pre-receive\n\n{nothing} a refs/heads/a",
        "pre-receive\n\n+{update}",
        "post-receive\n",
    ],
)
def test_a_question_that_lacks_a_line_or_has_one_of_another_form_is_not_answered(question):
    asked: list[Question] = []
    said = question.format(update=f"{NOTHING} {NOTHING} refs/heads/a", nothing=NOTHING)
    with begun(lambda question: asked.append(question) or YES) as (_line, environment):
        Path(environment[ASK]).write_text(f"{said}\n{CAPABILITY}\n")
        heard = Path(environment[HEAR]).read_text()

    assert (asked, heard) == ([], "")


def test_push_options_take_the_long_way(store, folder):
    with begun(lambda _question: YES) as (_line, environment):
        environment |= {"GIT_PUSH_OPTION_COUNT": "1", "CODARA_SOCKET": str(store.home / "none")}
        done = run_hook(store, "pre-receive", b"a b refs/heads/main\n", environment)

    assert done.returncode == 1
    assert b"The appliance does not answer now." in done.stderr
