"""What a stranger and a reader try at every door, and how little they learn from it."""

from __future__ import annotations

import re
import socket

import pytest
import requests
import sqlalchemy as sa

from appliance.domain.permissions import Role, Scope
from appliance.web.csrf import WITHOUT_COOKIES
from tests.permissions.seen import as_seen
from tests.web.git_client import GitClient, token
from tests.world import NOON, PASSWORD

pytestmark = [
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
MARK = "<script>alert(1)</script>"
PICTURE = (
    b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
)
README = f"""# {MARK}

{MARK} <img src=x onerror=alert(1)> [a](javascript:alert(1)) [b](data:text/html,x)
<a href="jAvAscript:alert(1)">c</a>

<iframe src="/"></iframe><form action="/sign-out" method="post"><button>x</button></form>
<style>body {{ display: none }}</style><a href="&#106;avascript:alert(1)">d</a>
"""
SOURCES = (
    *("https://127.0.0.1/x.git", "https://localhost/x.git", "https://[::1]/x.git"),
    *("https://0x7f000001/x.git", "https://2130706433/x.git", "https://127.1/x.git"),
    *("https://169.254.169.254/latest", "https://[::ffff:127.0.0.1]/x.git"),
    *("https://10.0.0.1/x.git", "http://example.test/x.git", "file:///etc/passwd"),
    *("git://example.test/x", "ssh://example.test/x", "ext::sh -c id", "-u/bin/sh", "/etc"),
    *("https://[fd00:ec2::254]/x.git", "https://0.0.0.0/x.git", "https://exa\nmple.test/x"),
)
LEADS_AWAY = (
    *("//evil.test", "/\\evil.test", "https://evil.test", "\t//evil.test", "/\t/evil.test"),
    *("javascript:alert(1)", "/x\r\nSet-Cookie: a=b", "evil.test", "///evil.test", "\\\\evil.test"),
)


@pytest.fixture
def git(tmp_path):
    return GitClient(tmp_path / "person")


@pytest.fixture
def settled(world):
    """A hidden repository with an old name, one that a reader may read, and people."""
    world.secret = world.repository("lab/secret")
    world.repository("lab/binned", deleted_at=NOON)
    world.notes = world.repository("works/notes")
    world.user("reader", role=Role.READER, on="works/notes", password=PASSWORD)
    world.user("writer", role=Role.WRITER, on="works/notes")
    world.administrator("boss")
    return world


@pytest.mark.promise("P10")
@pytest.mark.parametrize("who", ["stranger", "reader"])
def test_a_hidden_repository_answers_like_one_that_never_was(settled, who):
    moved = settled.client("boss").patch("/api/v1/repos/lab/secret", json={"name": "quarry"})
    assert moved.status_code == 200
    api = settled.client(*(["reader"] if who == "reader" else []))
    browser = settled.browser("reader") if who == "reader" else settled.app.test_client()
    for path in (
        *("/lab/{}", "/lab/{}/tree/main", "/lab/{}/raw/main/x", "/lab/{}/settings", "/lab/{}.git"),
        *("/lab/{}/archive/main.zip", "/lab/{}/commits", "/lab/{}/find", "/lab/{}/fork"),
        *("/lab/{}.git/info/refs?service=git-upload-pack", "/lab/{}.git/HEAD"),
        *("/lab/{}.git/info/refs?service=git-receive-pack", "/lab/{}.git/info/lfs/locks"),
    ):
        never = as_seen(browser.get(path.format("never-was")), "never-was")
        for name in ("quarry", "secret", "QUARRY"):
            assert as_seen(browser.get(path.format(name)), name) == never, path
    for path in ("", "/commits", "/tree", "/grants", "/branches", "/read/x", "/archive/main.zip"):
        never = as_seen(api.get(f"/api/v1/repos/lab/never-was{path}"), "never-was")
        for name in ("quarry", "secret", "QUARRY"):
            assert as_seen(api.get(f"/api/v1/repos/lab/{name}{path}"), name) == never, path


@pytest.mark.promise("P10")
@pytest.mark.parametrize("who", ["stranger", "reader", "one with a token for less"])
def test_what_is_hidden_takes_as_many_statements_as_what_never_was(settled, who):
    settled.repository("somebody/own")
    settled.team("lab/inside")
    api, browser = settled.client(), settled.app.test_client()
    if who == "reader":
        api, browser = settled.client("reader"), settled.browser("reader")
    elif who != "stranger":
        api = bearer(settled, settled.token("reader", repositories=["works/notes"]))
    said = []
    engine = settled.wiring.database.engine
    sa.event.listen(engine, "before_cursor_execute", lambda *given: said.append(given[2]))

    def statements(client, address):
        client.get(address)  # The first also writes down that the credential was used.
        said.clear()
        assert client.get(address).status_code in {303, 401, 404}, address
        return len(said)

    for client, address in (
        *(
            (api, f"/api/v1/repos/{{}}{rest}")
            for rest in ("", "/commits", "/grants", "/archive/main.zip")
        ),
        *((browser, f"/{{}}{rest}") for rest in ("", "/commits", "/settings", "/find")),
        (browser, "/{}.git/info/refs?service=git-upload-pack"),
        (browser, "/{}.git/info/lfs/locks"),
    ):
        there = {statements(client, address.format(path)) for path in ("lab/secret", "lab/binned")}
        never = {statements(client, address.format(path)) for path in ("lab/never", "never/was")}
        assert there == never, address
        assert len(there) == 1, address
    for client, address in (
        *(
            (api, f"/api/v1/orgs/{{}}{rest}")
            for rest in ("", "/members", "/teams", "/teams/inside")
        ),
        *((browser, f"/{{}}{rest}") for rest in ("", "/-/teams", "/-/members", "/-/teams/inside")),
    ):
        assert statements(client, address.format("lab")) == statements(
            client, address.format("never")
        ), address


@pytest.mark.promise("P10")
def test_a_name_in_a_form_tells_no_more_than_one_in_an_address(settled):
    api = settled.client("writer")
    less = settled.client("writer", Scope.REPOSITORY_READ)
    settled.user("owner", role=Role.OWNER, on="works/notes")
    owner, stranger = settled.client("owner"), settled.client()
    settled.team("lab/inside")
    for client, method, path, body in (
        *((each, "POST", "/repos", {"owner": "NAME", "name": "x"}) for each in (api, less)),
        (stranger, "POST", "/repos", {"owner": "NAME", "name": "x"}),
        (api, "POST", "/repos/works/notes/fork", {"into": "NAME/x"}),
        (api, "POST", "/repos/NAME/x/import", {"url": "https://example.test/x.git"}),
        (api, "GET", "/repos?owner=NAME", None),
        (owner, "POST", "/repos/works/notes/transfer", {"to": "NAME"}),
        (owner, "PUT", "/repos/works/notes/grants/NAME/inside", {"role": "reader"}),
        (owner, "DELETE", "/repos/works/notes/grants/NAME/inside", None),
    ):
        seen = []
        for name in ("lab", "gone"):
            sent = body and {key: value.replace("NAME", name) for key, value in body.items()}
            place = "/api/v1" + path.replace("NAME", name)
            seen.append(as_seen(client.open(place, method=method, json=sent), name))
        assert seen[0] == seen[1], (method, path)


@pytest.mark.promise("P16")
def test_imports_reach_nothing_inside(settled):
    client = settled.client("writer")
    for number, url in enumerate(SOURCES):
        body = {"url": url}
        answer = client.post(f"/api/v1/repos/writer/import-{number}/import", json=body)
        assert answer.status_code in {403, 422}, (url, answer.text)


@pytest.mark.promise("P22")
def test_a_form_of_another_site_changes_nothing(settled):
    browser = settled.browser("writer", elevated=True)
    settled.app.config["WTF_CSRF_ENABLED"] = True
    before = settled.events()
    rules = [
        rule
        for rule in settled.app.url_map.iter_rules()
        if "POST" in rule.methods and rule.endpoint.partition(".")[0] not in WITHOUT_COOKIES
    ]
    for rule in rules:
        if rule.rule.startswith("/internal"):
            continue
        if rule.endpoint == "admin_feeds.upload":
            continue  # Who may send something large is asked before its form is read.
        values = dict.fromkeys(rule.arguments, "x")
        values |= {"owner": "works", "name": "notes"}
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule).format_map(values)
        headers = {"Origin": "https://evil.test", "Referer": "https://evil.test/"}
        answer = browser.post(path, data={"name": "x"}, headers=headers)
        assert answer.status_code in {400, 404}, (path, answer.status_code)

    assert settled.events() == before
    assert len(rules) > 40


@pytest.mark.promise("P22")
def test_no_target_leads_to_another_site(settled):
    client = settled.app.test_client()
    settled.app.config["WTF_CSRF_ENABLED"] = False
    for target in LEADS_AWAY:
        sent = {"name": "reader", "password": PASSWORD, "next": target}
        answer = client.post("/sign-in", data=sent)
        assert answer.status_code == 303
        assert answer.headers["Location"] == "/", target
        client = settled.app.test_client()


@pytest.mark.promise("P5")
def test_a_session_that_somebody_else_chose_is_not_used(settled):
    settled.app.config["WTF_CSRF_ENABLED"] = False
    client = settled.app.test_client()
    client.set_cookie("codara_session", "chosen-by-somebody-else")
    client.post("/sign-in", data={"name": "reader", "password": PASSWORD})
    cookie = client.get_cookie("codara_session")

    assert cookie.value != "chosen-by-somebody-else"
    assert cookie.http_only
    assert client.get("/settings").status_code == 200


@pytest.mark.promise("P7")
def test_a_token_cannot_make_itself_stronger(settled):
    for scope in (Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE):
        client = settled.client("boss", scope)
        wanted = {"name": "x", "scopes": ["admin"], "expires_in_days": 30}
        short = client.post("/api/v1/auth/token").json["token"]
        for way in (client, bearer(settled, short)):
            assert way.post("/api/v1/user/tokens", json=wanted).status_code == 403
            assert way.get("/api/v1/health").status_code in {403, 404}
            risen = way.patch("/api/v1/users/reader", json={"role": "administrator"})
            assert risen.status_code in {403, 404}
    only = settled.token("boss", repositories=["works/notes"])
    assert bearer(settled, only).get("/api/v1/repos/lab/secret").status_code == 404


def bearer(world, secret):
    """A client with this secret."""
    client = world.app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    return client


@pytest.mark.promise("P29")
def test_whoever_is_suspended_is_out_at_once(settled):
    api, browser = settled.client("writer"), settled.browser("writer")
    short = bearer(settled, api.post("/api/v1/auth/token").json["token"])
    doors = (api, browser, short)
    assert [each.get("/api/v1/user").status_code for each in doors] == [200, 200, 200]
    done = settled.client("boss").patch("/api/v1/users/writer", json={"suspended": True})
    assert done.status_code == 200

    assert [each.get("/api/v1/user").status_code for each in doors] == [401, 401, 401]
    refused = settled.app.test_client().get(
        "/works/notes.git/info/refs?service=git-upload-pack",
        auth=("git", api.environ_base["HTTP_AUTHORIZATION"].removeprefix("Bearer ")),
    )
    assert refused.status_code == 401


@pytest.mark.promise("P27")
def test_what_hooks_ask_is_answered_on_the_socket_only(settled, served):
    forged = (
        {},
        {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1", "Forwarded": "for=unix:"},
        {"Host": "local", "X-Codara-Console": "boss"},
        {"gunicorn.socket": "unix", "codara.in_process": "1"},
        {"SCRIPT_NAME": "/internal", "PATH_INFO": "/internal/ssh/keys"},
    )
    for headers in forged:
        for path in ("/internal/ssh/keys", "/internal/pushes/accept", "//internal/ssh/keys"):
            answer = requests.post(f"{served.url}{path}", json={}, headers=headers, timeout=30)
            assert answer.status_code in {400, 401, 403, 404}, (headers, path, answer.status_code)
        answer = requests.get(f"{served.url}/api/v1/user", headers=headers, timeout=30)
        assert answer.status_code in {400, 401, 403}, (headers, answer.status_code)


@pytest.mark.promise("P26")
def test_half_a_request_stops_nobody(settled, served):
    host, port = served.url.removeprefix("http://").split(":")
    beginnings = (b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ", b"POST /sign-in HTTP/1.1\r\nHost: x\r\n")
    waiting = [socket.create_connection((host, int(port))) for _ in range(100)]
    try:
        for number, each in enumerate(waiting):
            each.sendall(beginnings[number % 2])
        assert requests.get(f"{served.url}/healthz", timeout=60).json() == {"status": "ok"}
    finally:
        for each in waiting:
            each.close()


@pytest.mark.promise("P30")
def test_a_word_that_looks_like_an_option_is_none(settled, served, git, tmp_path):
    copy = git.working_copy(tmp_path / "copy")
    remote = served.remote("works/notes", token(settled, settled.actor("writer")))
    git("push", "-q", remote, "main", at=copy)
    client, mark = settled.client("reader"), tmp_path / "made"
    hostile = (f"--output={mark}", f"--upload-pack=touch {mark}", "-O", "--exec=id", "-", "--")
    for word in hostile:
        for path in ("commits?ref=", "tree?ref=", "read/file-0.txt?ref=", "diff?head=main&base="):
            answer = client.get("/api/v1/repos/works/notes/" + path + requests.utils.quote(word))
            assert answer.status_code in {404, 422}, (path, word)
        for path in ("search/content?q=", "search/commits?q=", "commits?author=", "commits?path="):
            answer = client.get("/api/v1/repos/works/notes/" + path + requests.utils.quote(word))
            assert answer.status_code in {200, 422}, (path, word)
    assert not mark.exists()
    for path in ("%2e%2e/%2e%2e/keys/instance.key", "..%2f..%2fkeys", "%2fetc%2fpasswd", "x%00y"):
        for view in ("raw/main/", "blob/main/", "archive/", "blame/main/"):
            answer = settled.browser("reader").get(f"/works/notes/{view}{path}")
            assert answer.status_code in {404, 422}, (view, path)


@pytest.mark.promise("P23")
@pytest.mark.promise("P21")
def test_what_people_write_runs_nowhere(settled, served, git, tmp_path):
    copy = git.working_copy(tmp_path / "copy", commits=1)
    (copy / "README.md").write_text(README)
    (copy / "picture.svg").write_bytes(PICTURE)
    (copy / "page.html").write_text(MARK)
    (copy / "<img src=x onerror=alert(1)>").write_text(MARK)
    git("add", ".", at=copy)
    git("-c", f"user.name={MARK}", "commit", "-q", "-m", f"{MARK}\n\n{MARK}", at=copy)
    git("branch", "<img/src=x/onerror=alert(1)>", at=copy)
    remote = served.remote("works/notes", token(settled, settled.actor("writer")))
    git("push", "-q", remote, "--all", at=copy)
    browser = settled.browser("reader")
    head = git("rev-parse", "HEAD", at=copy).strip()
    for path in (
        *("", "/tree/main", "/blob/main/README.md", "/blob/main/page.html", "/commits/main"),
        *(f"/commit/{head}", "/branches", "/blame/main/page.html", "/search?q=alert", "/find/main"),
        *("/blob/main/%3Cimg%20src%3Dx%20onerror%3Dalert%281%29%3E", "/blob/main/picture.svg"),
        "/search?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
    ):
        answer = browser.get(f"/works/notes{path}")
        assert answer.status_code == 200, path
        assert runs(answer.text) == [], path
        assert "script-src" not in answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    for name in ("picture.svg", "page.html"):
        raw = browser.get(f"/works/notes/raw/main/{name}")
        assert "sandbox" in raw.headers["Content-Security-Policy"]
        assert raw.headers["X-Content-Type-Options"] == "nosniff"
        assert not raw.headers["Content-Type"].startswith("text/html")


RUNNING = re.compile(
    r"""<script(?![^>]*\bsrc="/static/)[^>]*>"""
    r"""|<[a-z](?:[^<>"]|"[^"]*")*\son\w+="""
    r"""|href="\s*(?:javascript|data):|<iframe|<style|<object|<embed""",
    re.IGNORECASE,
)


def runs(page):
    """What in a page could run, or change how all of it looks."""
    return [found[0] for found in RUNNING.finditer(page)]


@pytest.mark.promise("P23")
def test_a_header_is_one_line_whatever_the_name(settled, served, git, tmp_path):
    copy = git.working_copy(tmp_path / "copy", commits=1)
    name = 'a"\r\nSet-Cookie: evil=1\r\n.bin'
    (copy / name).write_bytes(bytes(range(256)))
    git("add", ".", at=copy)
    git("commit", "-q", "-m", "Odd", at=copy)
    remote = served.remote("works/notes", token(settled, settled.actor("writer")))
    git("push", "-q", remote, "main", at=copy)
    browser = settled.browser("reader")
    quoted = requests.utils.quote(name, safe="")
    for path in (f"raw/main/{quoted}", f"raw/main/{quoted}?download=1", f"blob/main/{quoted}"):
        answer = browser.get(f"/works/notes/{path}")
        assert answer.status_code == 200
        assert "evil" not in answer.headers.get("Set-Cookie", "")
