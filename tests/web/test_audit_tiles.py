"""What an auditor's own programs read: served tiles, checkpoints and proofs; and who may."""

import base64
import json

import pytest

from appliance.domain import events
from appliance.domain.permissions import InstanceRole, OrganisationRole
from audit import merkle, note, proof, trust
from audit.verdict import Verdict
from tests.audit import naive

PLACES = (
    "/audit/{log}/checkpoint",
    "/audit/{log}/tile/0/000.p/5",
    "/audit/{log}/tile/entries/000.p/5",
    "/api/v1/audit/checkpoint?log={log}",
    "/api/v1/audit/proof/consistency?log={log}&from=1",
)


@pytest.fixture
def lab(world):
    """A log of an organisation with 600 entries, made in two steps; gives the organisation."""
    world.administrator()
    lab = world.organisation("lab")
    for count in (300, 300):
        record(world, count, lab.id)
        world.keep_log()
    return lab


def record(world, count, organisation_id=None):
    with world.begin(world.actor("administrator")) as work:
        for number in range(count):
            said = {"reason": f"r{number}", "attempt": "to look"}
            work.record(events.AccessRefused(organisation_id=organisation_id, **said))


def test_a_reader_that_knows_nothing_of_ours_reads_a_log(world, lab):
    client = world.client("administrator")
    (key,) = world.wiring.logs.signer.keys(f"{world.wiring.logs.origin}/{lab.id}")

    origin, entries, _ = naive.read_log(
        lambda name: client.get(f"/audit/{lab.id}/{name}").data, str(key)
    )

    assert origin == key.name
    assert [json.loads(each)["src"]["n"] for each in entries] == list(range(1, 601))


def test_every_part_of_a_tile_is_served_and_none_that_is_not_there(world, lab):
    client = world.client("administrator")
    whole = client.get("/audit/lab/tile/0/002.p/88").data

    assert client.get("/audit/lab/tile/0/002.p/5").data == whole[: 5 * 32]
    assert client.get("/audit/lab/tile/0/000").headers["Cache-Control"] == (
        "private, max-age=31536000, immutable"
    )
    assert client.get("/audit/lab/checkpoint").headers["Cache-Control"] == "private, no-cache"
    assert client.get("/audit/lab/checkpoint").content_type == "text/plain; charset=utf-8"
    for name in ("0/002", "0/002.p/89", "0/003.p/1", "entries/002", "0/2", "x", "2/000.p/1"):
        assert client.get(f"/audit/lab/tile/{name}").status_code == 404, name


def test_who_may_read_the_tree_of_a_log(world, lab):
    record(world, 9)
    world.keep_log()
    world.user("auditor", instance=InstanceRole.AUDITOR)
    world.user("local-auditor", member=OrganisationRole.AUDITOR, of="lab")
    world.user("member", member=OrganisationRole.MEMBER, of="lab")
    world.user("nobody")
    clients = {
        name: world.client(name) for name in ("auditor", "local-auditor", "member", "nobody")
    }
    seen = {
        (name, log): {client.get(place.format(log=log)).status_code for place in PLACES}
        for name, client in clients.items()
        for log in ("lab", str(lab.id), "instance")
    }

    assert {each for each, codes in seen.items() if codes == {200}} == {
        ("auditor", "lab"),
        ("auditor", str(lab.id)),
        ("auditor", "instance"),
        ("local-auditor", "lab"),
        ("local-auditor", str(lab.id)),
    }
    assert (
        seen["member", "lab"] == {403} == seen["member", "instance"] == seen["nobody", "instance"]
    )
    assert seen["nobody", "lab"] == {404} == seen["nobody", str(lab.id)]
    assert world.client().get("/audit/instance/checkpoint").status_code == 303


def test_a_setting_opens_trees_to_everyone_and_nothing_else(world, lab):
    world.configure(CODARA_AUDIT__PUBLIC_TILES="true")
    stranger = world.client()

    for place in PLACES[:3]:
        assert stranger.get(place.format(log=lab.id)).status_code == 200
    assert stranger.get(f"/audit/{lab.id}/checkpoint").headers["Cache-Control"].startswith("public")
    for place in PLACES[3:]:
        assert stranger.get(place.format(log=lab.id)).status_code in {401, 404}
    assert stranger.get(f"/audit/{world.organisation('empty').id}/checkpoint").status_code == 404


def test_a_proof_of_an_event_is_good_for_both_readers_and_is_recorded(world, lab):
    client = world.client("administrator")
    wanted = world.recorded()[123]
    found = client.get(f"/api/v1/audit/events/{wanted.header['id']}/proof").get_json()
    (key,) = world.wiring.logs.signer.keys(f"{world.wiring.logs.origin}/{lab.id}")
    trusted = trust.read(client.get("/api/v1/audit/trust").data)
    entry = found["header"].encode()

    index = naive.check_proof(found["proof"].encode(), entry, str(key))
    said = proof.verify(found["proof"].encode(), entry, trusted, found["body"].encode())

    assert (index, found["index"]) == (123, 123)
    assert said.verdict is Verdict.GOOD
    by_query = client.get(f"/api/v1/audit/proof/inclusion?event={wanted.header['id']}").get_json()
    assert by_query == found
    (first, second) = world.recorded("audit.proved")
    assert first.body["index"] == second.body["index"] == 123
    assert len(world.recorded("audit.trust_exported")) == 1


def test_an_event_of_another_log_is_hidden_from_who_asks_for_its_proof(world, lab):
    world.user("local-auditor", member=OrganisationRole.AUDITOR, of="lab")
    record(world, 1)
    world.keep_log()
    foreign = next(each for each in world.recorded() if each.header["log"] == "instance")
    client = world.client("local-auditor")

    hidden = client.get(f"/api/v1/audit/events/{foreign.header['id']}/proof")
    missing = client.get("/api/v1/audit/events/01990000-0000-7000-8000-000000000000/proof")

    assert hidden.status_code == missing.status_code == 404
    assert hidden.get_json()["detail"] == missing.get_json()["detail"]
    assert client.get("/api/v1/audit/trust").status_code == 403


@pytest.mark.parametrize(("first", "second"), [(0, 600), (1, 600), (300, 600), (300, 477), (5, 5)])
def test_a_consistency_proof_leads_from_one_size_to_another(world, lab, first, second):
    client = world.client("administrator")
    entries = [each.header for each in world.recorded()]
    place = f"/api/v1/audit/proof/consistency?log=lab&from={first}&to={second}"
    found = client.get(place).get_json()
    leaves = [merkle.leaf_hash(note_bytes(each)) for each in entries]
    roots = [merkle.root_of(leaves[:size]) for size in (first, second)]

    hashes = [base64.b64decode(each) for each in found["hashes"]]
    assert merkle.is_consistent(first, roots[0], second, roots[1], hashes)
    assert client.get(place.replace("to=", "to=9")).status_code == 422 or second == 5
    state = note.checkpoint(note.parse(found["checkpoint"].encode()).text)
    assert state.size == 600


def note_bytes(header):
    return json.dumps(header, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
