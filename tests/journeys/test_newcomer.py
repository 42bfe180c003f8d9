"""A newcomer's first day, from the bare start to the clean end, with the programs people use."""

from __future__ import annotations

import signal
from pathlib import Path

import pygit2
import pytest
from dulwich import porcelain
from playwright.sync_api import Page, expect

from appliance.db.engine import make_engine, sqlite_url
from tests.journeys.history import LARGE, generated
from tests.journeys.running import FIRST_PASSWORD, Whole, give_key, until, whole
from tests.peers.nginx import start_git_http_backend
from tests.recorded import recorded
from tests.web.git_client import GitClient

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PASSWORD = "my own rather long sentence"
PAGES = (
    ("/lab/notes", "Notes"),
    ("/lab/notes/tree/main/deep", "er"),
    ("/lab/notes/blob/main/with%20space.txt", "number = 0"),
    ("/lab/notes/blob/main/large.bin", "large.bin"),
    ("/lab/notes/blame/main/src/part-1.py", "number = "),
    ("/lab/notes/commits/main", "Write README.md"),
    ("/lab/notes/commit/{commit}", "Write README.md"),
    ("/lab/notes/compare/topic/with/slashes...main", "Write README.md"),
    ("/lab/notes/branches", "topic/with/slashes"),
    ("/lab/notes/tags", "v1.0"),
    ("/lab/notes/search?q=number", "number"),
)
EVENTS = {
    *("user.created", "org.created", "team.created", "repo.created", "repo.imported"),
    *("git.pushed", "repo.renamed", "repo.transferred", "repo.forked", "repo.archived"),
    *("repo.deleted", "repo.restored"),
}


@pytest.fixture(params=["embedded", "installed"])
def place(request, tmp_path):
    """Where the records and the queue are: with the appliance, or in servers of their own."""
    allowed = {
        "CODARA_IMPORTS__SCHEMES": "https,http",
        "CODARA_IMPORTS__PRIVATE_ADDRESSES": "true",
    }
    if request.param == "embedded":
        return {**allowed}, sqlite_url(tmp_path / "home" / "codara.db")
    server = request.getfixturevalue("postgresql")
    url = server.create(f"journey_{tmp_path.name}")
    queue = request.getfixturevalue("redis_url")
    return {**allowed, "CODARA_DATABASE__URL": url, "CODARA_QUEUE__URL": queue}, url


@pytest.fixture
def git(tmp_path):
    return GitClient(tmp_path / "person")


def test_the_first_day(place, git, tmp_path, chromium):
    environment, database_url = place
    source = generated(git, tmp_path / "source")
    head = git("rev-parse", "HEAD", at=source).strip()
    with whole(tmp_path / "home", **environment) as appliance:
        with chromium.new_context(base_url=appliance.url) as context:
            page = context.new_page()
            sign_in_for_the_first_time(page, FIRST_PASSWORD.findall(appliance.said)[0])
            settle_people(appliance, page)
            bring_histories(appliance, git, source, tmp_path)
            browse(page, head)
            move_objects(appliance, git, head, tmp_path)
            live_through_changes(appliance)
            page.goto("/administration/events")
            expect(page.locator("main")).to_contain_text("writer")
        kinds = kinds_of_events(database_url)
        assert kinds >= EVENTS, EVENTS - kinds
        appliance.process.send_signal(signal.SIGINT)
        assert appliance.process.wait(30) == 0
        assert appliance.said.endswith("Ended.\n")


def sign_in_for_the_first_time(page: Page, password: str) -> None:
    """With the password from the terminal, which has to be replaced before anything else."""
    page.goto("/")
    page.goto("/sign-in")
    page.get_by_label("User name or e-mail address").fill("admin")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url("/settings/security")
    page.goto("/administration")
    expect(page).to_have_url("/settings/security")
    page.get_by_label("Current password").fill(password)
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("Your password was changed.")).to_be_visible()
    page.goto("/")
    expect(page).to_have_url("/")


def settle_people(appliance: Whole, page: Page) -> None:
    """An organisation in the portal, people by command and API, a team by command."""
    page.goto("/organisations/new")
    page.get_by_label("Name", exact=True).fill("lab")
    page.get_by_role("button", name="Create").click()
    expect(page).to_have_url("/lab/-/members")
    appliance.codara(
        *("user", "create", "writer", "--email", "writer@codara.test", "--password-stdin"),
        said=PASSWORD,
    )
    administrator = appliance.token("admin", "admin,org:admin,repo:admin,user")
    made = appliance.api(
        administrator, "POST", "/users", {"name": "reader", "email": "r@codara.test"}
    )
    assert made.status_code == 201, made.text
    appliance.codara("team", "create", "lab/research")
    for name in ("writer", "reader"):
        added = appliance.api(administrator, "PUT", f"/orgs/lab/members/{name}", {"role": "member"})
        assert added.status_code == 200, added.text
    appliance.codara("org", "create", "works")


def bring_histories(appliance: Whole, git: GitClient, source: Path, folder: Path) -> None:
    """The same history from a folder with its large files, a bundle, and an address."""
    appliance.codara("repo", "import", source, "lab/notes")
    bundle = folder / "history.bundle"
    git("bundle", "create", "-q", bundle, "--all", at=source)
    appliance.codara("repo", "import", bundle, "lab/from-bundle")
    elsewhere, peer = folder / "elsewhere", folder / "nginx"
    peer.mkdir()
    git("clone", "-q", "--bare", source, elsewhere / "history.git", at=folder)
    with start_git_http_backend(peer, elsewhere) as address:
        appliance.codara("repo", "import", f"{address}/history.git", "lab/from-address")
    appliance.codara("repo", "grant", "lab/notes", "--user", "writer", "--role", "writer")
    appliance.codara("repo", "grant", "lab/notes", "--team", "lab/research", "--role", "reader")
    ours = git("for-each-ref", "--format=%(refname) %(objectname)", at=source).split("\n")
    token = appliance.token("admin", "repo:read")
    for name in ("notes", "from-bundle", "from-address"):
        theirs = git("ls-remote", appliance.https(f"lab/{name}", token), at=source)
        found = {" ".join(reversed(line.split())) for line in theirs.splitlines()}
        assert {line for line in ours if line} <= found, name


def browse(page: Page, commit: str) -> None:
    """Look at every kind of page; the browser itself finds nothing to complain about."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    for path, words in PAGES:
        answer = page.goto(path.format(commit=commit))
        assert answer is not None
        assert answer.status == 200, path
        expect(page.locator("main")).to_contain_text(words)
    assert complaints == []


def move_objects(appliance: Whole, git: GitClient, head: str, folder: Path) -> None:
    """Clone and push over HTTPS and SSH with git, git-lfs, dulwich and pygit2."""
    token = appliance.token("writer", "repo:write")
    remote = appliance.https("lab/notes", token)
    git.environment["GIT_SSH_COMMAND"] = give_key(appliance, "writer", folder / "keys")

    git("clone", "-q", remote, folder / "by-git", at=folder)
    git("lfs", "install", "--local", at=folder / "by-git")
    git("lfs", "pull", at=folder / "by-git")
    assert (folder / "by-git" / "large.bin").read_bytes() == LARGE
    (folder / "by-git" / "more.bin").write_bytes(LARGE[::-1])
    git.commit(folder / "by-git", "by-git.txt", "git\n")
    git("push", "-q", "origin", "main", at=folder / "by-git")

    git("clone", "-q", appliance.ssh("lab/notes"), folder / "by-ssh", at=folder)
    git("lfs", "install", "--local", at=folder / "by-ssh")
    git("lfs", "pull", at=folder / "by-ssh")
    assert (folder / "by-ssh" / "more.bin").read_bytes() == LARGE[::-1]
    git.commit(folder / "by-ssh", "by-ssh.txt", "ssh\n")
    git("push", "-q", "origin", "main", at=folder / "by-ssh")

    oid = git("rev-parse", "HEAD", at=folder / "by-ssh").strip()
    push_with_dulwich(remote, folder / "by-dulwich")
    push_with_pygit2(remote, token, folder / "by-pygit2", oid)
    refs = git("ls-remote", remote, at=folder)
    assert "refs/heads/by-dulwich" in refs
    assert f"{oid}\trefs/heads/by-pygit2" in refs
    git("merge-base", "--is-ancestor", head, oid, at=folder / "by-ssh")


def push_with_dulwich(remote: str, folder: Path) -> None:
    """Git written in Python."""
    with porcelain.clone(remote, str(folder), depth=1, errstream=porcelain.NoneStream()) as cloned:
        porcelain.push(
            cloned, remote, "HEAD:refs/heads/by-dulwich", errstream=porcelain.NoneStream()
        )


def push_with_pygit2(remote: str, token: str, folder: Path, oid: str) -> None:
    """Git written as a library in C."""
    callbacks = pygit2.RemoteCallbacks(credentials=pygit2.UserPass("git", token))
    cloned = pygit2.clone_repository(remote, str(folder), bare=True, callbacks=callbacks)
    cloned.branches.local.create("by-pygit2", cloned[oid])
    cloned.remotes["origin"].push(["refs/heads/by-pygit2"], callbacks=callbacks)
    cloned.free()


def live_through_changes(appliance: Whole) -> None:
    """Rename, transfer, fork, archive, delete and restore: each door has its part."""
    token = appliance.token("admin", "repo:admin,repo:write,admin")
    renamed = appliance.api(token, "PATCH", "/repos/lab/notes", {"name": "papers"})
    assert renamed.json()["path"] == "lab/papers"
    assert appliance.api(token, "GET", "/repos/lab/notes").status_code in {301, 302, 307, 308}
    appliance.codara("repo", "transfer", "lab/papers", "works")
    forked = appliance.api(token, "POST", "/repos/works/papers/fork", {"into": "admin/copy"})
    assert forked.status_code == 202, forked.text
    until(lambda: appliance.api(token, "GET", "/repos/admin/copy").json()["content"] == "ready")
    appliance.codara("repo", "archive", "works/papers")
    writer = appliance.token("writer", "repo:write")
    refused = appliance.api(
        *(writer, "POST", "/repos/works/papers/branches", {"name": "x", "start": "main"})
    )
    assert refused.status_code in {403, 409}, refused.text
    appliance.codara("repo", "delete", "works/papers", "--yes")
    assert appliance.api(token, "GET", "/repos/works/papers").status_code == 404
    assert appliance.api(token, "GET", "/repos/admin/copy/commits").json()["items"]
    restored = appliance.api(token, "POST", "/repos/works/papers/restore", {})
    assert restored.status_code == 200, restored.text
    assert appliance.api(token, "GET", "/repos/works/papers").json()["deleted_at"] is None


def kinds_of_events(database_url: str) -> set[str]:
    """Every kind of event in the record."""
    engine = make_engine(database_url)
    kinds = {each.action for each in recorded(engine)}
    engine.dispose()
    return kinds
