"""Children are started again, ended in order, and their logs kept within bounds."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.cli import programs
from appliance.cli.supervisor import Supervisor
from appliance.errors import UnavailableError

SHELL = "/bin/sh"


@pytest.fixture
def said():
    return []


@pytest.fixture
def supervisor(tmp_path, said):
    """A supervisor in this process, whose signals are as before afterwards."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    supervisor = Supervisor(logs=tmp_path, tell=said.append, log_bytes=1000)
    yield supervisor
    supervisor.stop()
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def script(text):
    return programs.program([SHELL, "-c", text])


def lines(path: Path):
    return path.read_text().splitlines() if path.exists() else []


def test_what_ends_is_started_again(supervisor, tmp_path, said):
    notes = tmp_path / "notes"
    supervisor.add("part", script(f"echo begun >> {notes}; [ $(wc -l < {notes}) = 2 ] && sleep 60"))

    supervisor.wait_until(lambda: len(lines(notes)) == 2)

    assert said == [f"part ended with status 1; starting it again. See {tmp_path}/part.log."]


def test_what_never_starts_is_given_up(supervisor, tmp_path):
    supervisor.add("part", script("exit 3"))

    with pytest.raises(UnavailableError, match=f"part does not start. See {tmp_path}/part.log."):
        supervisor.wait_until(lambda: False)


def test_what_does_not_listen_is_killed(supervisor, tmp_path):
    notes = tmp_path / "notes"
    supervisor.add(
        "stubborn", script(f"trap '' TERM; echo $$ > {notes}; while :; do sleep 1; done")
    )
    supervisor.wait_until(lambda: lines(notes))
    pid = int(lines(notes)[0])

    supervisor.stop()

    assert not Path(f"/proc/{pid}").exists()


def test_what_the_others_need_ends_last(supervisor, tmp_path):
    notes = tmp_path / "notes"
    for name, ends_last in (("queue", True), ("worker", False)):
        at_the_end = f"trap 'echo {name} ended >> {notes}; exit' TERM"
        text = f"{at_the_end}; echo {name} >> {notes}; sleep 60 & wait"
        supervisor.add(name, script(text), ends_last=ends_last)
    supervisor.wait_until(lambda: len(lines(notes)) == 2)

    supervisor.stop()

    assert lines(notes)[2:] == ["worker ended", "queue ended"]


def test_words_of_children_go_to_their_logs(supervisor, tmp_path):
    supervisor.add("part", script("echo out; echo err >&2; exec sleep 60"))

    supervisor.wait_until(lambda: lines(tmp_path / "part.log") == ["out", "err"])


def test_a_log_that_has_grown_is_turned_while_its_writer_goes_on(supervisor, tmp_path):
    text = "i=0; while [ $i -lt 60 ]; do i=$((i+1)); echo a rather long line of words; done; read x"
    supervisor.add("part", script(f"{text}; exec sleep 60"))

    older = tmp_path / "part.log.1"
    supervisor.wait_until(older.exists)

    assert older.stat().st_size >= 1000
    assert (tmp_path / "part.log").stat().st_size < 1000


def test_an_errand_has_a_status(supervisor):
    assert supervisor.errand(script("exit 0")) == 0
    assert supervisor.errand(script("exit 7")) == 7


ERRAND = """
import sys
from pathlib import Path
from appliance.cli import programs
from appliance.cli.supervisor import EndedError, Supervisor

supervisor = Supervisor(logs=Path(sys.argv[1]), tell=print)
supervisor.add("part", programs.program(["/bin/sh", "-c", "kill -TERM $PPID; exec sleep 60"]))
try:
    supervisor.errand(programs.program(["/bin/sleep", "60"]))
except EndedError:
    print("ended")
supervisor.stop()
"""


def test_a_signal_ends_the_wait_for_an_errand(tmp_path):
    # In a process of one thread, as the product's: elsewhere another thread would be hit.
    words = [sys.executable, "-c", ERRAND, tmp_path]
    finished = subprocess.run(words, capture_output=True, text=True, timeout=50, check=False)

    assert (finished.stdout, finished.returncode) == ("ended\n", 0), finished.stderr


def test_what_is_needed_now_and_then_runs_when_it_is_and_ends_by_itself(supervisor, tmp_path, said):
    notes, wish = tmp_path / "notes", tmp_path / "wish"
    supervisor.add("part", script(f"rm {wish}; echo begun >> {notes}"), when=wish.exists)
    supervisor.errand(script("exit 0"))
    assert lines(notes) == []

    for number in (1, 2):
        wish.touch()
        supervisor.wait_until(lambda: len(lines(notes)) == number)  # noqa: B023 - called at once.
    assert said == []


def test_what_is_needed_and_fails_is_started_again(supervisor, tmp_path, said):
    notes = tmp_path / "notes"
    text = f"echo begun >> {notes}; [ $(wc -l < {notes}) = 2 ]"
    supervisor.add("part", script(text), when=lambda: len(lines(notes)) < 2)

    supervisor.wait_until(lambda: len(lines(notes)) == 2)

    assert said == [f"part ended with status 1; starting it again. See {tmp_path}/part.log."]
