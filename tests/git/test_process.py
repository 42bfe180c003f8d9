"""How git is started: words, a clean environment, limits, and errors people may see."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from appliance.errors import DamagedError, TimeoutExceededError, TooLargeError
from appliance.git import process
from appliance.git.failures import GitFailedError


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "a.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(folder)], check=True)
    return folder


def test_run_gives_all_of_the_answer(repository):
    assert process.run(["rev-parse", "--is-bare-repository"], at=repository) == b"true\n"


def test_input_reaches_git_and_long_answers_come_back_whole(repository):
    content = os.urandom(5_000_000)
    oid = process.run(["hash-object", "-w", "--stdin"], at=repository, input=content).strip()
    assert process.run(["cat-file", "blob", oid.decode()], at=repository) == content


@pytest.mark.promise("P30")
def test_nothing_of_our_environment_reaches_git(repository, monkeypatch):
    monkeypatch.setenv("GIT_DIR", "/nonexistent/elsewhere")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "somebody")
    assert process.run(["rev-parse", "--git-dir"], at=repository) == b".\n"
    assert b"somebody" not in process.run(["var", "-l"], at=repository)


@pytest.mark.promise("P15")
def test_hooks_are_off_unless_asked_for(repository):
    assert process.run(["config", "core.hooksPath"], at=repository) == b"/dev/null\n"
    chosen = process.run(
        ["config", "core.hooksPath"], at=repository, configuration={"core.hooksPath": "/hooks"}
    )
    assert chosen == b"/hooks\n"


def test_configuration_carried_in_the_callers_environment_is_kept_beside_ours(repository):
    carried = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "receive.maxInputSize",
        "GIT_CONFIG_VALUE_0": "77",
    }
    words = ["config", "--get-regexp", "^(receive.maxinputsize|safe.directory)$"]
    answer = process.run(words, at=repository, extra=carried)
    assert sorted(answer.splitlines()) == [b"receive.maxinputsize 77", b"safe.directory *"]


def test_an_answer_over_the_limit_is_refused(repository):
    with pytest.raises(TooLargeError):
        process.run(["help", "-a"], at=repository, output_bytes=10)


def test_git_is_ended_when_its_time_is_over(repository):
    with pytest.raises(TimeoutExceededError):
        process.run(["-c", "alias.wait=!sleep 60", "wait"], at=repository, timeout_seconds=0.2)


def test_leaving_a_stream_early_ends_git_and_all_it_started(repository):
    words = ["-c", "alias.talk=!echo $$; exec yes", "talk"]
    with process.stream(words, at=repository, output_bytes=10**9) as speech:
        pid = int(next(iter(speech)).split(b"\n", 1)[0])
    deadline = time.monotonic() + 60
    while not _has_ended(pid):  # Its end is ordered; the kernel sees to it when it can.
        assert time.monotonic() < deadline


def _has_ended(pid):
    """Gone, or dead and not yet noticed by whoever became its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("Z")
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_missing_folder_and_a_folder_that_is_no_repository_are_damage(tmp_path):
    with pytest.raises(DamagedError):
        process.run(["rev-parse", "HEAD"], at=tmp_path / "gone")
    with pytest.raises(DamagedError):
        process.run(["rev-parse", "HEAD"], at=tmp_path)


def test_a_repository_around_a_damaged_one_is_never_taken_for_it(repository):
    (repository / "inner").mkdir()
    with pytest.raises(DamagedError):
        process.run(["rev-parse", "HEAD"], at=repository / "inner")


def test_a_failure_keeps_what_git_said_out_of_the_message(repository):
    with pytest.raises(GitFailedError) as caught:
        process.run(["no-such-command"], at=repository)
    assert "no-such-command" not in str(caught.value)
    assert b"no-such-command" in caught.value.complaint


def test_another_status_can_be_an_answer(repository):
    assert process.execute(["config", "no.such"], at=repository).status == 1


def test_a_transfer_has_both_pipes(repository):
    transfer = process.popen(["hash-object", "--stdin"], at=repository)
    assert transfer.stdin is not None
    assert transfer.stdout is not None
    transfer.stdin.write(b"what is up, doc?")
    transfer.stdin.close()
    assert transfer.stdout.read() == b"bd9dbf5aae1a3862dd1526723246b20206e5fc37\n"
    assert process.stop(transfer) == 0


@pytest.mark.parametrize(
    ("words", "niceness"), [(["upload-pack", "."], 10), (["cat-file", "--batch"], 0)]
)
def test_clones_leave_the_processor_to_everything_else(repository, words, niceness):
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    running = process.popen(words, at=repository)
    try:
        assert os.getpriority(os.PRIO_PROCESS, running.pid) == max(ours, niceness)
        # Niceness counts among the processes of one session only.
        assert os.getsid(running.pid) == os.getsid(0)
        assert os.getpgid(running.pid) == running.pid
    finally:
        process.stop(running)
