"""`codara audit export, trust, prove, checkpoint` at the console, and an unbelieving verifier."""

import csv
import gzip
import io
import json
import resource
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from appliance.domain import events
from appliance.domain.permissions import OrganisationRole
from tests.audit import naive

ROOT = Path(__file__).parents[2]


@pytest.fixture
def console(world, say, monkeypatch, tmp_path):
    """Say a command at the console of a world with two logs; the instance's has 30 events."""
    for name, value in world.environment.items():
        monkeypatch.setenv(name, value)
    world.administrator()
    lab = world.organisation("lab")
    with world.begin(world.actor("administrator")) as work:
        for number in range(30):
            said = {"reason": f"r{number % 3}", "attempt": f'=cmd({number})\n"x"'}
            work.record(events.AccessRefused(**said))
        for _ in range(7):
            work.record(events.SignedOut(organisation_id=lab.id))
    world.keep_log()
    return lambda *words: say("audit", *words, "--home", world.home)


def verify(export: Path, keys: Path, *more: str | Path):
    """The exit status of the verifier, in an empty folder, with Python's own library alone."""
    finished = subprocess.run(
        [sys.executable, "-S", "-E", "-m", "audit", "verify", export, "--trust", keys, *more],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={},
    )
    return finished.returncode, finished.stdout


def test_a_bundle_of_all_logs_is_good(console, world, tmp_path):
    said = console("export", "--out", tmp_path / "all", "--json").json
    console("trust", "--out", tmp_path / "keys")

    code, report = verify(tmp_path / "all", tmp_path / "keys")

    assert code == 0, report
    lab = str(world._organisation("lab").id)
    assert said["logs"] == ["instance", lab]
    assert (said["entries"], said["matched"]) == (37, 37)
    (done,) = world.recorded("audit.exported")
    assert done.body["sha256"] == said["sha256"]
    assert (done.body["matched"], done.body["written"]) == (37, 37)
    assert len(world.recorded("audit.export_requested")) == 1


def test_a_zip_file_of_one_organisation_holds_nothing_of_another(console, world, tmp_path):
    said = console("export", "--out", tmp_path / "lab.zip", "--org", "lab", "--json").json
    console("trust", "--out", tmp_path / "keys")

    assert verify(tmp_path / "lab.zip", tmp_path / "keys")[0] == 0
    assert (said["logs"], said["entries"]) == ([str(world._organisation("lab").id)], 7)
    with zipfile.ZipFile(tmp_path / "lab.zip") as opened:
        assert all("instance" not in name for name in opened.namelist())
        assert {each.compress_type for each in opened.infolist()} == {zipfile.ZIP_STORED}
    (done,) = world.recorded("audit.exported")
    assert done.header["log"] == str(world._organisation("lab").id)


def test_a_query_tells_details_of_what_it_finds_and_headers_of_all(console, world, tmp_path):
    said = console("export", "--out", tmp_path / "some", "--query", "action:auth.*", "--json").json
    console("trust", "--out", tmp_path / "keys")

    assert verify(tmp_path / "some", tmp_path / "keys")[0] == 0
    assert (said["entries"], said["matched"]) == (37, 7)
    manifest = json.loads((tmp_path / "some" / "bundle.json").read_bytes())
    assert (manifest["query"], manifest["disclosure"]) == ("action:auth.*", "all")
    assert manifest["selection"] == ["starts", "action", "auth."]


def test_a_time_is_a_range_with_a_proof_to_the_newest_state(console, world, tmp_path):
    times = [each.header["time"] for each in world.recorded() if each.header["log"] == "instance"]
    words = ("--instance", "--from", times[10], "--to", times[19])
    said = console("export", "--out", tmp_path / "some", *words, "--json").json
    console("trust", "--out", tmp_path / "keys")

    code, report = verify(tmp_path / "some", tmp_path / "keys")

    assert code == 0, report
    assert (said["entries"], said["matched"]) == (10, 10)
    manifest = json.loads((tmp_path / "some" / "bundle.json").read_bytes())
    (part,) = manifest["logs"]
    assert (part["first"], part["end"], part["size"]) == (10, 20, 30)


def test_the_last_day_and_the_last_moment_are_in_it(console, world, tmp_path):
    times = [each.header["time"] for each in world.recorded() if each.header["log"] == "instance"]
    asked = ("--instance", "--format", "csv", "--json")
    found = {}
    for until in (times[0][:10], times[0][:16] + "Z", times[0], "2020-01-01"):
        words = ("export", "--out", tmp_path / until, "--to", until, *asked)
        found[until] = console(*words).json["matched"]

    since_noon = [each for each in times if each[:16] == times[0][:16]]
    assert list(found.values()) == [
        sum(each[:10] == times[0][:10] for each in times),
        len(since_noon),
        1,
        0,
    ]
    refused = console("export", "--out", tmp_path / "x", "--to", "yesterday")
    assert (refused.code, "as in 2026-10-31" in refused.said) == (2, True)


def test_an_export_that_was_cut_off_says_that_it_goes_on_or_begins_anew(console, world, tmp_path):
    out = tmp_path / "x.csv"
    (tmp_path / ".x.csv.unfinished").mkdir()
    (tmp_path / ".x.csv.unfinished" / "progress.json").write_text("{}")

    said = console("export", "--out", out, "--format", "csv")

    assert said.code == 0
    assert "thrown away" in said.out
    assert out.exists()
    assert not (tmp_path / ".x.csv.unfinished").exists()


def test_a_known_size_gets_its_proof(console, tmp_path):
    console("checkpoint", "--out", tmp_path / "head")
    words = ("--instance", "--from", "2099-01-01", "--known", "12")
    console("export", "--out", tmp_path / "none", *words)
    console("trust", "--out", tmp_path / "keys")

    known = tmp_path / "head"
    assert verify(tmp_path / "none", tmp_path / "keys", "--known", known)[0] == 0
    proofs = (tmp_path / "none" / "logs" / "instance" / "consistency.jsonl").read_text()
    assert [json.loads(line)["from"] for line in proofs.splitlines()] == [12]


def test_lines_and_tables_hold_what_was_asked_for(console, tmp_path):
    asked = ("--query", "action:access.*")
    console("export", "--out", tmp_path / "x.jsonl.gz", "--format", "jsonl", *asked)
    console("export", "--out", tmp_path / "x.csv", "--format", "csv", *asked)

    text = gzip.decompress((tmp_path / "x.jsonl.gz").read_bytes())
    lines = [json.loads(line) for line in text.splitlines()]
    assert text.endswith(b"\n")
    assert [line["index"] for line in lines] == list(range(30))
    assert lines[4]["values"]["attempt"] == ['=cmd(4)\n"x"']
    table = (tmp_path / "x.csv").read_bytes()
    assert table.count(b"\r\n") == 31
    rows = list(csv.DictReader(io.StringIO(table.decode(), newline="")))
    assert [row["index"] for row in rows] == [str(number) for number in range(30)]
    assert json.loads(rows[4]["details"]) == {"attempt": '=cmd(4)\n"x"', "reason": "r1"}
    assert rows[4]["actor_name"] == "administrator"


def test_lines_hold_what_words_find_and_a_bundle_all_that_could_fit(console, tmp_path):
    asked = ("--instance", "--query", "r2")
    lines = console("export", "--out", tmp_path / "x", "--format", "jsonl", *asked, "--json").json
    bundle = console("export", "--out", tmp_path / "some", *asked, "--json").json
    console("trust", "--out", tmp_path / "keys")

    assert (lines["matched"], lines["entries"]) == (10, lines["entries"])
    found = gzip.decompress((tmp_path / "x").read_bytes()).splitlines()
    assert {json.loads(line)["body"]["reason"] for line in found} == {"r2"}
    assert bundle["matched"] == bundle["entries"] >= 30
    assert verify(tmp_path / "some", tmp_path / "keys")[0] == 0


def test_nothing_half_done_looks_done(console, world, tmp_path):
    (tmp_path / "there").mkdir()
    unfinished = tmp_path / ".new.unfinished"  # As an attempt leaves it that wrote little.
    unfinished.mkdir()
    (unfinished / "old").write_text("of an attempt that was cut off")

    assert console("export", "--out", tmp_path / "there").code == 5
    assert console("export", "--out", tmp_path / "no" / "folder").code == 2
    assert console("export", "--out", tmp_path / "new", "--query", "(").code == 2
    assert console("export", "--out", tmp_path / "new").code == 0
    assert sorted(each.name for each in (tmp_path / "new").iterdir()) == [
        "bundle.json",
        "logs",
        "manifest.note",
    ]
    assert not unfinished.exists()


def test_who_may_export(console, world, tmp_path):
    world.user("inside", member=OrganisationRole.AUDITOR, of="lab")
    world.user("member", member=OrganisationRole.MEMBER, of="lab")
    out = ("export", "--out", tmp_path / "x")

    assert console(*out, "--as", "member").code == 3
    assert console(*out, "--as", "member", "--org", "lab").code == 3
    assert console(*out, "--as", "inside", "--instance").code == 3
    assert console(*out, "--org", "gone").code == 4
    assert not (tmp_path / "x").exists()
    assert console(*out, "--as", "inside", "--org", "lab").code == 0
    assert console("export", "--out", tmp_path / "all", "--as", "inside").code == 3
    words = ("--as", "inside", "--org", "lab", "--json")
    mine = console("export", "--out", tmp_path / "mine", *words).json
    assert mine["logs"] == [str(world._organisation("lab").id)]


def test_an_event_is_proven_with_files(console, world, tmp_path):
    wanted = world.recorded()[5].header["id"]
    assert "--entry" in console("prove", wanted, "--out", tmp_path / "p").out
    console("trust", "--out", tmp_path / "keys")
    words = ["proof", tmp_path / "p", "--entry", tmp_path / "p.header.json"]
    words += ["--body", tmp_path / "p.body.json", "--trust", tmp_path / "keys"]

    checked = subprocess.run(
        [sys.executable, "-S", "-E", "-m", "audit", *words], cwd=ROOT, check=False, env={}
    )

    assert checked.returncode == 0
    assert console("prove", "01990000-0000-7000-8000-000000000000").code == 4


def test_keys_and_heads_are_text_that_others_read(console, world, tmp_path):
    console("checkpoint", "--out", tmp_path / "head")
    keys = console("trust", "--policy").out.splitlines()
    (key,) = (line.removeprefix("log ") for line in keys if "/instance+" in line)

    origin, size, _, _ = naive.open_checkpoint((tmp_path / "head").read_bytes(), key)

    assert (origin, size) == (f"{world.wiring.logs.origin}/instance", 30)
    assert keys[-1] == "quorum none"


def test_an_export_comes_from_here_and_from_elsewhere(codara, tmp_path):
    out = tmp_path / "x.zip"
    said = codara("audit", "export", "--out", out, "--instance", "--json").json
    codara("audit", "trust", "--out", tmp_path / "keys")

    assert verify(out, tmp_path / "keys")[0] == 0
    assert said["size_bytes"] == out.stat().st_size
    assert said["matched"] == said["entries"] > 0
    assert codara("audit", "export", "--out", out, "--instance").code == 5
    assert [each.name for each in tmp_path.glob(".*unfinished*")] == []


def test_an_export_from_elsewhere_is_brought_here_from_where_it_was_cut_off(
    appliance, say, monkeypatch, tmp_path
):
    monkeypatch.setenv("CODARA_URL", appliance.url)
    monkeypatch.setenv("CODARA_TOKEN", appliance.token)
    out, part = tmp_path / "x.zip", tmp_path / ".x.zip.unfinished" / "part"
    words = ("audit", "export", "--out", out, "--instance")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # A limit of files' sizes fails the same system call as a full disk does.
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        assert say(*words).code == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert 0 < part.stat().st_size <= 1000
    assert not out.exists()

    said = say(*words, "--json").json

    assert said["begun"] == "resumed"
    assert out.stat().st_size == said["size_bytes"]
    assert zipfile.ZipFile(out).testzip() is None
    assert not part.parent.exists()


def test_a_console_is_of_a_home_folder(say, tmp_path):
    assert say("audit", "export", "--out", tmp_path / "x", "--home", tmp_path).code == 1
