"""What `codara witness` does on the machine of a witness, where there is no appliance."""

import subprocess
import sys

import pytest

from appliance.cli.__main__ import main
from audit import note
from tests.witness.logs import ORIGIN, Log
from witness.state import State


@pytest.fixture
def log():
    return Log(entries=5)


@pytest.fixture
def machine(tmp_path, log, capsys):
    """A folder with a key and a state that knows the log."""
    main(["witness", "key", "--key", str(tmp_path / "key"), "--name", "w.test/laptop"])
    vkey = capsys.readouterr().out.strip()
    main(["witness", "add-log", str(log.key), "--state", str(tmp_path / "state")])
    capsys.readouterr()
    return tmp_path, note.Key.parse(vkey)


def sign(folder, content):
    (folder / "log.request").write_bytes(content)
    return main(
        ["witness", "sign", str(folder / "log.request"), *options(folder, "--state", "--key")]
    )


def options(folder, *names: str):
    return [word for name in names for word in (name, str(folder / name.removeprefix("--")))]


def test_the_key_is_made_once(machine, capsys):
    folder, key = machine

    assert main(["witness", "key", *options(folder, "--key"), "--name", "w.test/other"]) == 0
    assert capsys.readouterr().out.strip() == str(key)
    assert main(["witness", "key", "--key", str(folder / "none")]) == 2


def test_a_file_is_signed_and_goes_back(machine, log):
    folder, key = machine
    assert sign(folder, log.request()) == 0

    signed = note.parse((folder / "log.request.signed").read_bytes())
    assert note.checkpoint(signed.text).size == 5
    assert len(note.signed_by(signed, [log.key, key])) == 2


def test_it_says_from_where_to_export(machine, log, capsys):
    folder, _ = machine
    sign(folder, log.request())
    (folder / "log.request.signed").unlink()

    assert sign(folder, log.grow(3).request()) == 5
    assert "--since 5" in capsys.readouterr().err
    assert not (folder / "log.request.signed").exists()


def test_two_histories_are_called_by_their_name(machine, log, capsys):
    folder, _ = machine
    sign(folder, log.request())

    assert sign(folder, log.forked_at(4).grow(3).request(5)) == 5
    assert "two histories" in capsys.readouterr().err
    assert (
        main(["witness", "logs", *options(folder, "--state"), "--evidence", str(folder / "proof")])
        == 0
    )
    assert f"{ORIGIN}  5            1" in capsys.readouterr().out
    assert (folder / "proof" / "0001.request").read_bytes().startswith(b"old 5\n")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", 2),
        (b"\x00\xff" * 1000, 2),
        (b"old 0\n\n" + b"x" * 400_000, 2),
        (Log("other.test/log", entries=1).request(), 4),
        (Log(entries=1).request().replace(b"\n1\n", b"\n2\n"), 3),
    ],
)
def test_hostile_files_end_in_clear_words(machine, capsys, content, code):
    folder, _ = machine

    assert sign(folder, content) == code
    assert "Traceback" not in capsys.readouterr().err
    assert not (folder / "log.request.signed").exists()


def test_a_mistyped_state_does_not_begin_a_new_one(machine, log):
    folder, _ = machine
    (folder / "log.request").write_bytes(log.request())
    words = ["--state", str(folder / "misspelled"), *options(folder, "--key")]

    assert main(["witness", "sign", str(folder / "log.request"), *words]) == 4
    assert not (folder / "misspelled").exists()


def test_a_log_is_forgotten(machine, log, capsys):
    folder, _ = machine
    sign(folder, log.request())

    assert main(["witness", "remove-log", ORIGIN, *options(folder, "--state")]) == 0
    assert main(["witness", "remove-log", ORIGIN, *options(folder, "--state")]) == 4
    assert sign(folder, log.grow(1).request(5)) == 4
    assert State(folder / "state").head(ORIGIN).size == 5, capsys.readouterr()


def test_the_key_of_a_witness_is_no_log(machine):
    folder, key = machine

    assert main(["witness", "add-log", str(key), *options(folder, "--state")]) == 2
    assert main(["witness", "add-log", "nonsense", *options(folder, "--state")]) == 2


@pytest.mark.parametrize("name", ["w\x1b[2J.test", "w\u202e.test", "w\x9b2J"])
def test_a_log_whose_name_commands_the_terminal_is_none(machine, capsys, name):
    folder, _ = machine
    vkey = str(note.Key(name, note.Kind.ED25519, bytes(32)))

    assert main(["witness", "add-log", vkey, *options(folder, "--state")]) == 2
    assert name not in capsys.readouterr().err


def test_what_is_missing_is_said_with_the_command_that_makes_it(machine, capsys):
    folder, _ = machine
    main(["witness", "key", "--key", str(folder / "none")])
    assert f"witness key --key {folder / 'none'} --name NAME" in capsys.readouterr().err
    main(["witness", "add-log", "nonsense", *options(folder, "--state")])
    assert "One is a line like" in capsys.readouterr().err


def test_a_port_in_use_ends_in_clear_words(make_witness, log, capsys):
    running = make_witness("w.test/one", log.key).start()
    words = ["--state", str(running.state_file), "--key", str(running.key_file)]
    address = running.url.removeprefix("http://")

    assert main(["witness", "serve", *words, "--listen", address]) != 0
    assert "cannot be used" in capsys.readouterr().err


def test_nothing_of_the_appliance_is_read_for_it(machine, log):
    """The machine of a witness has a wheel, and neither a database nor a home folder."""
    folder, _ = machine
    program = (
        "import sys; from appliance.cli.__main__ import main; "
        f"main(['witness', 'logs', '--state', {str(folder / 'state')!r}]); "
        "print(sorted({name.split('.')[1] for name in sys.modules"
        " if name.startswith('appliance.')}), 'sqlalchemy' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stderr.strip() == "['cli', 'errors', 'version'] False"
