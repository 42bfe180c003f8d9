"""From the appliance to its witnesses and back, as people type it; and what an auditor sees of it.

Witnesses and the authority that stamps are processes and programs of their own.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.domain import events
from appliance.domain.permissions import InstanceRole, Scope
from appliance.jobs import witnessing
from audit import note
from tests.audit.signers import Signer
from tests.peers.time_stamping import Authority

ROOT = Path(__file__).parents[2]
LOG = "instance"
API = "/api/v1/audit"


@pytest.fixture
def world(world, monkeypatch):
    world.configure(CODARA_WITNESSES__PRIVATE_ADDRESSES="true", CODARA_WITNESSES__EVERY_SECONDS="1")
    for name, value in world.environment.items():
        monkeypatch.setenv(name, value)
    world.administrator()
    lab = world.organisation("lab")
    with world.begin(world.actor("administrator")) as work:
        for number in range(20):
            work.record(events.AccessRefused(reason=f"r{number}", attempt="to look"))
        work.record(events.SignedOut(organisation_id=lab.id))
    world.keep_log()
    return world


@pytest.fixture
def console(world, say):
    return lambda *words: say(*words, "--home", world.home)


@pytest.fixture
def join(world, console, make_witness):
    """A witness that runs, knows the logs by their key file, and is trusted."""

    def make(name, *words: str, url=True):
        logs = [each["keys"][0]["vkey"] for each in keys_of(console)["logs"]]
        running = make_witness(f"{name}.test/w", *map(note.Key.parse, logs)).start()
        address = ("--address", running.url) if url else ()
        done = console("witness", "trust", name, str(running.key), *address, *words)
        assert done.code == 0, done.said
        return running

    return make


def keys_of(console):
    return json.loads(console("audit", "trust").out)


def ask(world):
    world.keep_log()
    witnessing.witness(world.wiring.database, world.settings.witnesses)
    world.keep_log()


def verify(folder, *words: object):
    finished = subprocess.run(
        [sys.executable, "-S", "-E", "-m", "audit", "verify", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={},
    )
    return finished.returncode, finished.stdout


def test_an_export_with_enough_signatures_is_good_and_without_them_untrusted(
    world, console, join, tmp_path
):
    join("revision")
    join("university")
    join("court").stop(kill=True)
    ask(world)
    console("audit", "export", "--out", tmp_path / "export")
    console("audit", "trust", "--out", tmp_path / "two-of-three")
    console("witness", "quorum", "3")
    console("audit", "trust", "--out", tmp_path / "all-three")

    good = verify(ROOT, tmp_path / "export", "--trust", tmp_path / "two-of-three")
    poor = verify(ROOT, tmp_path / "export", "--trust", tmp_path / "all-three")

    assert json.loads((tmp_path / "two-of-three").read_text())["quorum"] == {
        "k": 2,
        "of": ["court", "revision", "university"],
    }
    assert good[0] == 0, good[1]
    assert "revision at" in good[1]
    assert poor[0] == 40, poor[1]


def test_an_export_that_nobody_has_witnessed_says_so(world, console, join, tmp_path):
    for name in ("revision", "university"):
        join(name).stop(kill=True)
    ask(world)
    console("audit", "export", "--out", tmp_path / "export")
    console("audit", "trust", "--out", tmp_path / "keys")

    assert verify(ROOT, tmp_path / "export", "--trust", tmp_path / "keys")[0] == 40


def test_a_proof_carries_the_signatures_of_witnesses(world, console, join, tmp_path):
    join("revision")
    ask(world)
    event = world.recorded("access.refused")[3].header["id"]
    console("audit", "trust", "--out", tmp_path / "keys")
    console("audit", "prove", event, "--out", tmp_path / "proof")
    header = tmp_path / "proof.header.json"
    words = [tmp_path / "proof", "--entry", header, "--trust", tmp_path / "keys"]
    finished = subprocess.run(
        [sys.executable, "-S", "-E", "-m", "audit", "proof", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert finished.returncode == 0, finished.stdout
    assert "revision at" in finished.stdout


def test_a_stick_goes_to_a_laptop_and_back(world, console, join, tmp_path, say):
    """The steps of the documentation, one after the other."""
    laptop = join("laptop", url=False)
    words = ("--state", laptop.state_file, "--key", laptop.key_file)
    world.keep_log()
    there, back = tmp_path / "stick.request", tmp_path / "stick.request.signed"
    out = console("witness", "export", "--witness", "laptop", "--out", there, "--json").json
    signed = say("witness", "sign", there, *words)
    brought = console("witness", "import", back)
    again = console("witness", "export", "--witness", "laptop", "--out", there, "--json").json

    assert (out["since"], signed.code, brought.code) == (0, 0, 0)
    assert "witnessed now" in brought.out
    assert again["since"] == out["size"]
    assert world.recorded("audit.witness_trusted")
    world.keep_log()
    (imported,) = world.recorded("audit.cosignature_imported")
    assert imported.body["witnesses"] == ["laptop"]


def test_who_brings_the_request_back_unsigned_is_told_what_to_bring(console, tmp_path):
    there = tmp_path / "stick.request"
    console("witness", "export", "--out", there)
    done = console("witness", "import", there)

    assert done.code == 2
    assert f"{there}.signed" in done.said


def test_a_file_that_proves_two_histories_ends_the_command(world, console, join, tmp_path):
    laptop = join("laptop", url=False)
    origin = keys_of(console)["logs"][0]["origin"]
    world.keep_log()
    size = console("audit", "checkpoint", "--json").json["size"]
    other = note.Checkpoint(origin, size, bytes(32))
    text = world.wiring.logs.signer.sign_checkpoint(other, 1)
    text += "".join(f"{each}\n" for each in laptop.cosigner.sign(str(other), 1_795_000_000))
    (tmp_path / "proof").write_text(text)

    done = console("witness", "import", tmp_path / "proof")
    assert done.code == 5
    assert "ANOTHER HISTORY" in done.said
    shown = console("witness", "list", "--json").json
    assert shown["items"][0]["logs"][0]["is_contradicting"]
    health = world.client("administrator", *Scope).get("/api/v1/health").get_json()["items"]
    (part,) = (each for each in health if each["name"] == "witnesses")
    assert (part["condition"], part["detail"]) == ("failed", "1 have a different history of a log")
    assert "do not remove the witness" in part["cure"]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"text\n", b"x" * 300_000])
def test_hostile_files_end_in_clear_words(console, join, tmp_path, content):
    join("laptop", url=False)
    (tmp_path / "file").write_bytes(content)
    done = console("witness", "import", tmp_path / "file")

    assert done.code == 2, done.said
    assert console("witness", "import", tmp_path / "none").code == 4


def test_the_list_says_how_each_witness_answers(world, console, join):
    join("revision")
    join("court").stop(kill=True)
    ask(world)
    shown = console("witness", "list").out

    assert "2 of 2 operators must have signed" in shown
    assert "does not answer" in shown
    found = console("witness", "list", "--json").json
    assert {each["name"] for each in found["items"]} == {"revision", "court"}
    assert found["logs"][0]["witnessed"] == 0


def test_a_removed_witness_counts_no_more(world, console, join):
    join("revision")
    ask(world)
    assert console("witness", "remove", "revision", "--yes").code == 0
    assert console("witness", "remove", "revision", "--yes").code == 4

    assert console("witness", "list", "--json").json["quorum"] == {"needed": 0, "operators": 0}
    assert "audit.witness_removed" in world.events()


def test_whoever_may_read_the_log_may_read_what_was_witnessed(world, console, join):
    join("revision")
    client = world.client("administrator", Scope.AUDIT_READ)
    before = client.get(f"/audit/{LOG}/witnessed").status_code
    ask(world)
    answer = client.get(f"/audit/{LOG}/witnessed")
    found = note.parse(answer.data)

    assert (before, answer.status_code) == (404, 200)
    key = note.Key.parse(console("witness", "list", "--json").json["items"][0]["vkey"])
    assert len(note.signed_by(found, [key])) == 1
    world.user("reader")
    assert world.client("reader", Scope.AUDIT_READ).get(f"/audit/{LOG}/witnessed").status_code in {
        403,
        404,
    }


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{API}/witness-request"),
        ("GET", f"{API}/anchors"),
        ("GET", f"{API}/anchor-request"),
        ("DELETE", f"{API}/witnesses/w"),
    ],
)
def test_of_all_this_others_learn_nothing(world, method, path):
    world.user("reader")
    world.user("auditor", instance=InstanceRole.AUDITOR)
    auditor = world.client("auditor", Scope.AUDIT_READ)

    assert world.client("reader", *Scope).open(path, method=method).status_code == 403
    assert auditor.open(path, method=method).status_code == (403 if method == "DELETE" else 200)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


def test_an_authority_stamps_and_the_export_is_checked_without_us(
    world, console, authority, tmp_path, say
):
    with authority.serving() as url:
        stamped = console("anchor", "stamp", "--tsa", url, "--json").json
    console("audit", "export", "--out", tmp_path / "export")
    names = sorted(each.name for each in (tmp_path / "export" / "anchors").iterdir())
    checked = say("anchor", "verify", tmp_path / "export", "--roots", authority.root, "--json").json
    console("audit", "trust", "--out", tmp_path / "keys")

    assert names == [f"instance-{stamped['size']}.note", f"instance-{stamped['size']}.tsr"]
    assert [each["problem"] for each in checked] == [""]
    assert verify(ROOT, tmp_path / "export", "--trust", tmp_path / "keys")[0] == 0


def test_an_authority_is_asked_by_hand(world, console, authority, tmp_path):
    console("anchor", "stamp", "--request", tmp_path / "a.tsq")
    (tmp_path / "a.tsr").write_bytes(authority.stamp((tmp_path / "a.tsq").read_bytes()))
    kept = console("anchor", "stamp", "--response", tmp_path / "a.tsr")
    twice = console("anchor", "stamp", "--response", tmp_path / "a.tsr")

    assert (kept.code, twice.code) == (0, 5)
    assert "CN=Clock" in console("anchor", "list").out
    assert console("anchor", "stamp").code == 2, "no authority is named"


def test_stamps_that_are_not_good_are_named(authority, say, tmp_path):
    other = Authority(tmp_path / "other")
    folder = tmp_path / "stamps"
    folder.mkdir()
    (folder / "instance-1.note").write_text("state\n")
    (folder / "instance-1.tsr").write_bytes(b"nonsense")
    done = say("anchor", "verify", folder, "--roots", other.root)

    assert done.code != 0
    assert "1 of 1 time stamps are not good" in done.said
    assert say("anchor", "verify", tmp_path / "none", "--roots", other.root).code == 4


def test_the_laptop_of_a_stranger_is_no_witness(console, tmp_path):
    stranger = Signer("stranger.test/w", note.Kind.ED25519)

    assert console("witness", "trust", "stranger", str(stranger.key)).code == 2
    assert console("witness", "quorum", "4").code == 2
