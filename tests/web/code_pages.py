"""A repository with names that nobody expects, and a browser that sends any bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from urllib.parse import unquote_to_bytes, urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from appliance.domain.conversations import ConversationKind, Which
from appliance.domain.identity import Actor
from appliance.domain.permissions import Role
from appliance.domain.pull_requests import Anchor, Side
from appliance.services import pull_opening, review_drafts, review_threads
from appliance.services.pull_opening import NewPull
from tests.git.builder import Builder, File
from tests.world import World

AT = Anchor(1, b"new", Side.NEW, 1, 1)
HOSTILE = (
    b"caf\xe9.txt",
    b"with space.txt",
    b" outer spaces ",
    b"100%.txt",
    b"%41.txt",
    b"a#b?c=d&e.txt",
    b"-rf",
    b"--help",
    b"new\nline.txt",
    b"tab\there.txt",
    b"quote\"and'.txt",
    b"<script>alert(1)</script>.txt",
    b"back\\slash.txt",
    b"semi;colon:.txt",
    b"HEAD",
    b"\xff\xfe\xfd",
    "\U0001f469\u200d\U0001f4bb.txt".encode(),
    "invoice\u202efdp.exe".encode(),
    "\u0645\u0644\u0641.txt".encode(),
    b"deep/" + b"/".join([b"d" * 100] * 20) + b"/file.txt",
    b"folder \xff/in it.txt",
)
REFS = (
    b"refs/heads/feature/with/slashes",
    b"refs/heads/fix-\xff-byte",
    b"refs/heads/50%#new",
    b"refs/heads/same",
    b"refs/heads/\xd8\xb9",
)
TEXT = b"first line\nsecond <line> & more\n\tthird\n"


@dataclass
class Browser:
    """A signed-in reader whose addresses may hold any bytes."""

    client: FlaskClient

    def get(self, url: str, **headers: str) -> TestResponse:
        """The answer to a GET."""
        return self.client.get(url, headers=headers, environ_overrides=self._path(url))

    def page(self, url: str) -> str:
        """The text of a page that must be there."""
        answer = self.get(url)
        assert answer.status_code == 200, (url, answer.status_code, answer.get_data(as_text=True))
        return answer.get_data(as_text=True)

    def post(self, url: str, **fields: str) -> TestResponse:
        """The answer to a form."""
        return self.client.post(url, data=fields, environ_overrides=self._path(url))

    def _path(self, url: str) -> dict[str, str]:
        # The test client would make text of the path; a server hands on the bytes.
        return {"PATH_INFO": unquote_to_bytes(urlsplit(url).path).decode("latin-1")}


def reader(world: World, *, role: Role = Role.READER, on: str = "lab/odd") -> Browser:
    """Somebody with a role on a repository, in a browser."""
    name = f"{role}-{on.replace('/', '-')}"
    world.user(name, role=role, on=on)
    return Browser(world.browser(name))


def build(
    world: World, path: str, files: Mapping[bytes, File], **fields: object
) -> tuple[Builder, str]:
    """A new repository with one commit on main; gives its builder and that commit."""
    repository = world.repository(path, **fields)
    builder = Builder(world.folder(repository))
    world.wiring.repositories.configure(world.folder(repository))
    return builder, builder.commit(files, message=b"Begin\n\nAll at once.\n")


def odd(world: World) -> tuple[Builder, str]:
    """`lab/odd`: every hostile name, and refs that could be taken for others."""
    files: dict[bytes, File] = dict.fromkeys(HOSTILE, TEXT)
    files[b"link"] = (0o120000, b"with space.txt")
    files[b"away"] = (0o120000, b"../../etc/passwd")
    files[b"sub"] = (0o160000, b"1" * 40)
    builder, first = build(world, "lab/odd", files)
    for name in REFS:
        builder.ref(name, first)
    second = builder.commit({**files, b"added.txt": b"x\n"}, parents=[first], message=b"Add\n")
    builder.ref(b"refs/tags/same", second)
    builder.ref(b"refs/tags/v1", first)
    return builder, second


def links(html: str) -> list[str]:
    """Where a page leads inside the appliance, each address once."""
    html = re.sub(r"<form [^>]*method=\"post\"[^>]*>", "", html)
    found = re.findall(r"(?:href|src|data-load|data-finder|action)=\"([^\"]*)\"", html)
    return list(dict.fromkeys(unescape(one) for one in found if one.startswith("/lab/")))


def asked_to_merge(world: World, who: Actor, builder: Builder, commit: str) -> dict[str, object]:
    """A pull request of `lab/odd`, of which something is said; gives what stands in addresses."""
    builder.commit({b"new": b"new\n"}, parents=[commit], branch=b"topic", message=b"Add it.")
    repositories = world.wiring.repositories
    with world.reading(who) as work:
        between = pull_opening.plan(work, "lab/odd", "topic", "main", repositories=repositories)
    measured = pull_opening.measure(between)
    new = NewPull("Bring a file", "It is *new*.\n\n- [ ] see #1", reviewers=("writer",))
    present = datetime.now(UTC)
    with world.begin(who) as work:
        number = pull_opening.open_pull(work, between, measured, new, now=present)
    which = Which("lab/odd", number, ConversationKind.PULL_REQUEST)
    text = "So:\n```suggestion\nnewer\n```"
    with world.begin(who) as work:
        thread = review_threads.comment(work, which, AT, text, now=present)
        review_drafts.add(work, which, Anchor(1, b"new"), "And *this*?", now=present)
    return {"thread_id": thread.id, "said_id": thread.comments[0].id, "kind": "said"}
