"""Secrets in pushes, with a real client and the real scanner."""

from base64 import b64encode
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from appliance.db.alerts import Alert, Scan, ScannedObject
from appliance.db.credentials import AccessToken
from appliance.db.push_protection import PushBlock
from appliance.db.pushes import Push
from appliance.domain.identity import appliance
from appliance.domain.permissions import OrganisationRole, Role, Scope
from appliance.jobs.scanning import history as history_job
from appliance.jobs.scanning import push as push_job
from appliance.services import service_accounts
from tests.scanner import RunningScanner
from tests.scanning.tokens import github_token
from tests.web.git_client import GitClient, token
from tests.world import NOON, World


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    return tmp_path_factory.mktemp("compiled")


@pytest.fixture
def guarded(world, compiled):
    """A world with the scanner."""
    world.configure(CODARA_SCANNING__SECRETS="true")
    (world.home / "tmp").rmdir()
    (world.home / "tmp").symlink_to(compiled)
    with RunningScanner(world.home) as scanner:
        yield scanner


@pytest.fixture
def writer(world):
    world.organisation("lab")
    world.repository("lab/notes")
    return world.user("writer", role=Role.WRITER, on="lab/notes")


@pytest.fixture
def git(tmp_path):
    return GitClient(tmp_path / "person")


@pytest.fixture
def copy(git, tmp_path):
    return git.working_copy(tmp_path / "copy", commits=1)


@pytest.fixture
def remote(guarded, served, writer):
    return served.remote("lab/notes", token(served.world, writer))


def recorded(world: World, *actions: str):
    return [each.action for each in world.recorded() if each.action.startswith("secret_scan.")]


def test_a_secret_stops_a_push_and_the_answer_helps(world, remote, git, copy, served):
    secret = github_token()
    git("push", remote, "main", at=copy)
    commit = git.commit(copy, "settings.py", f"one = 1\nkey = '{secret}'\n")
    refused = git.try_("push", remote, "main", at=copy)

    assert refused.status != 0
    assert f"settings.py:2 ({commit[:10]})" in refused.said
    assert "rule github-token-classic" in refused.said
    assert f"{served.url}/push-protection/" in refused.said
    assert secret not in refused.said
    assert secret[:4] + "…" in refused.said
    assert recorded(world) == ["secret_scan.push_blocked"]
    assert git("ls-remote", remote, "main", at=copy).split()[0] != commit


def test_merges_tags_and_names_are_looked_at(remote, git, copy):
    git("push", remote, "main", at=copy)
    git("checkout", "-q", "-b", "side", at=copy)
    git.commit(copy, "side.txt", "side\n")
    git("checkout", "-q", "main", at=copy)
    git.commit(copy, "main.txt", "main\n")
    git("merge", "-q", "--no-commit", "side", at=copy)
    (copy / "evil.txt").write_text(github_token(1))
    git("add", ".", at=copy)
    git("commit", "-q", "-m", "Merge", at=copy)
    merged = git.try_("push", remote, "main", at=copy)
    git("reset", "-q", "--hard", "HEAD~1", at=copy)
    git("tag", "-a", "-m", f"First {github_token(2)}", "v2", at=copy)
    tagged = git.try_("push", remote, "v2", at=copy)
    git.commit(copy, f"{github_token(3)}.txt", "x\n")
    named = git.try_("push", remote, "main", at=copy)

    assert "evil.txt:1" in merged.said
    assert "tag message:1" in tagged.said
    assert named.status != 0
    assert "rule github-token-classic" in named.said


def test_a_wrong_checksum_stops_nothing(remote, git, copy):
    wrong = github_token()[:-1] + ("0" if github_token()[-1] != "0" else "1")
    git.commit(copy, "settings.py", f"key = '{wrong}'\n")

    assert git.try_("push", remote, "main", at=copy).status == 0


def test_who_says_why_may_push_once_and_four_records_tell(world, remote, git, copy):
    git.commit(copy, "settings.py", f"key = '{github_token()}'\n")
    blocked = git.try_("push", remote, "main", at=copy)
    git("push", "-o", "bypass-secret=used_in_tests: a dead one", remote, "main", at=copy)

    assert blocked.status != 0
    assert recorded(world) == [
        *("secret_scan.push_blocked", "secret_scan.bypass_requested"),
        *("secret_scan.bypass_decided", "secret_scan.push_bypassed"),
    ]


def test_where_others_must_agree_nobody_approves_their_own(world, remote, git, copy, writer):
    world.user("owner", member=OrganisationRole.OWNER, of="lab")
    git.commit(copy, "settings.py", f"key = '{github_token()}'\n")
    office = world.client("owner", Scope.ORGANISATION_ADMIN, Scope.SCAN_WRITE)
    own = world.client("writer", Scope.SCAN_WRITE, Scope.REPOSITORY_WRITE)
    changed = office.patch("/api/v1/orgs/lab/push-protection", json={"delegated": True})
    asked = git.try_("push", "-o", "bypass-secret=a dead one", remote, "main", at=copy)
    (block,) = own.get("/api/v1/push-protection/blocks?repository=lab/notes").json["items"]
    (bypass,) = block["bypasses"]
    at = f"/api/v1/push-protection/bypasses/{bypass['id']}"

    assert changed.json == {"delegated": True, "exempt": []}
    assert "waits for approval" in asked.said
    assert own.post(f"{at}/approve", json={}).status_code == 403
    assert office.post(f"{at}/refuse", json={"comment": "It works."}).status_code == 200
    assert "was refused" in git.try_("push", remote, "main", at=copy).said
    said = {"block": block["id"], "reason": "false_positive", "comment": "It is dead."}
    again = own.post("/api/v1/push-protection/bypasses", json=said)
    at = f"/api/v1/push-protection/bypasses/{again.json['bypasses'][-1]['id']}"
    assert office.post(f"{at}/approve", json={}).status_code == 200
    git("push", remote, "main", at=copy)


@pytest.mark.promise("P93")
def test_without_the_scanner_a_policy_decides_and_nothing_passes_in_silence(
    world, guarded, remote, git, copy
):
    world.protect("lab/notes", "refs/heads/release")
    git("push", remote, "main", at=copy)
    guarded.kill()
    git.commit(copy, "more.txt", "more\n")
    open_ = git.try_("push", remote, "main", at=copy)
    closed = git.try_("push", remote, "main:release", at=copy)

    assert open_.status == 0
    assert "could not be scanned" in closed.said
    assert recorded(world) == ["secret_scan.push_unscanned"] * 2
    decisions = [
        each.body["decision"]
        for each in world.recorded()
        if each.action == "secret_scan.push_unscanned"
    ]
    assert decisions == ["accepted", "refused"]


def test_changes_without_git_are_looked_at_too(world, guarded, served, writer):
    client = world.client("writer", Scope.REPOSITORY_WRITE)
    said = {"message": "Add", "branch": "main", "content": f"key = '{github_token()}'\n"}
    answer = client.put("/api/v1/repos/lab/notes/write/settings.py", json=said)

    assert answer.status_code == 403, answer.json
    assert "github-token-classic" in answer.json["detail"]


def scanned(world: World, **arguments: str) -> None:
    """Do the job that a push has promised."""
    job = push_job if "push_id" in arguments else history_job
    job(world.wiring, SimpleNamespace(arguments=arguments), lambda *_: None)


def test_what_is_spelled_otherwise_becomes_an_alert_and_is_scanned_once(world, remote, git, copy):
    hidden, wrapped = github_token(4), github_token(5)
    (copy / "wide.txt").write_bytes(f"key = '{hidden}'\n".encode("utf-16"))
    (copy / "deployed.yaml").write_text(
        f"data:\n  key: {b64encode(f'key={wrapped}'.encode()).decode()}\n"
    )
    git("add", ".", at=copy)
    git("commit", "-q", "-m", "Add", at=copy)
    git("push", remote, "main", at=copy)
    push = world.one(sa.select(Push))
    scanned(world, push_id=str(push.id))
    with world.reading(appliance()) as work:
        alerts = {each.path: each for each in work.session.scalars(sa.select(Alert))}
        first = work.session.scalar(sa.select(Scan))
        seen = {each.object_id for each in work.session.scalars(sa.select(ScannedObject))}
    scanned(world, repository_id=str(push.repository_id))
    with world.reading(appliance()) as work:
        again = list(work.session.scalars(sa.select(Scan).order_by(Scan.started_at)))[-1]
        count = work.session.scalar(sa.select(sa.func.count()).select_from(Alert))

    assert set(alerts) == {b"wide.txt", b"deployed.yaml"}
    assert alerts[b"wide.txt"].first_commit == git("rev-parse", "HEAD", at=copy).strip()
    assert first.is_complete
    assert first.objects == len(seen) == 3
    assert (again.objects, count) == (2, 2)  # Only what is not clean is looked at once more.
    assert world.events()[-1] == "secret_scan.completed"


def test_what_is_an_alert_already_stops_nobody_again(world, remote, git, copy):
    secret = github_token(6)
    git.commit(copy, "settings.py", f"key = '{secret}'\n")
    git("push", "-o", "bypass-secret=fix_later: soon", remote, "main", at=copy)
    scanned(world, push_id=str(world.one(sa.select(Push)).id))
    git.commit(copy, "again.py", f"another = '{secret}'\n")

    git("push", remote, "main", at=copy)


@pytest.mark.promise("P92")
def test_our_own_tokens_are_revoked_and_no_secret_is_stored(world, remote, git, copy, writer):
    own, secret = token(world, writer), github_token(7)
    git.commit(copy, "settings.py", f"one = '{own}'\ntwo = '{secret}'\n")
    git("push", "-o", "bypass-secret=fix_later: soon", remote, "main", at=copy)
    scanned(world, push_id=str(world.one(sa.select(Push)).id))

    with world.reading(appliance()) as work:
        revoked = sa.select(AccessToken).where(AccessToken.revoked_at.is_not(None))
        assert work.session.scalar(revoked) is not None
        said = [
            str(row)
            for table in Alert.metadata.sorted_tables
            for row in work.session.execute(sa.select(table))
        ]
    stored = "\n".join(said)
    assert own not in stored
    assert secret not in stored
    logs = [each for each in world.home.glob("**/*.log") if own in each.read_text("utf-8")]
    assert logs == []


def test_a_history_is_looked_through_when_somebody_asks(world, guarded, writer):
    client = world.client("writer", Scope.SCAN_WRITE)

    assert client.post("/api/v1/repos/lab/notes/scans").status_code == 202


def test_the_page_shows_what_stopped_a_push_and_lets_it_through(world, remote, git, copy):
    git.commit(copy, "settings.py", f"key = '{github_token(8)}'\n")
    git.try_("push", remote, "main", at=copy)
    block = world.one(sa.select(PushBlock))
    browser, other = world.browser("writer"), world.browser(world.user("other").label)
    address = f"/push-protection/{block.id}"
    shown = browser.get(address)
    asked = browser.post(f"{address}/bypass", data={"reason": "false_positive", "comment": "No."})

    assert "ghp_…" in shown.text
    assert github_token(8) not in shown.text
    assert other.get(address).status_code == 404
    assert asked.status_code == 303
    git("push", remote, "main", at=copy)
    assert "Pushed" in browser.get(address).text


def test_exempt_accounts_are_never_stopped_and_that_is_recorded(world, guarded, served, git, copy):
    world.organisation("lab")
    world.repository("lab/notes")
    world.user("owner", member=OrganisationRole.OWNER, of="lab")
    office = world.client("owner", Scope.ORGANISATION_ADMIN, Scope.USER)
    with world.begin(world.actor("owner")) as work:
        service_accounts.create(work, "robot", organisation="lab", now=NOON)
    world.grant("robot", Role.WRITER, on="lab/notes")
    place = "/api/v1/orgs/lab/push-protection/exemptions"
    assert office.put(f"{place}/owner", json={"reason": "x"}).status_code == 422
    assert office.put(f"{place}/robot", json={"reason": "It mirrors."}).status_code == 204
    git.commit(copy, "settings.py", f"key = '{github_token(9)}'\n")
    remote = served.remote("lab/notes", token(world, world.actor("robot")))
    git("push", remote, "main", at=copy)

    assert recorded(world) == ["secret_scan.policy_changed", "secret_scan.push_bypassed"]
    assert office.delete(f"{place}/robot").status_code == 204
    assert office.delete(f"{place}/robot").status_code == 404
