"""The real product in a folder of its own: `codara serve --all`, with one writer and repositories.

People and things are written as rows before it starts, with what the tests build theirs; from then
on nothing reaches it but requests.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from appliance.db.credentials import SshKey
from appliance.db.engine import sqlite_url
from appliance.db.repositories import RepositoryHealth
from appliance.domain.permissions import Role, Visibility
from appliance.security.ssh_keys import parse
from appliance.web.requests import SESSION_COOKIE
from tests.peers.server import free_port, running
from tests.world import World

from .measure import tree
from .repositories import git

ROOT = Path(__file__).resolve().parents[2]
CODARA = ROOT / ".venv/bin/codara"
WRITER = "writer"


@dataclass
class Product:
    """One appliance: what is in it, and, while it runs, where it answers."""

    home: Path
    world: World
    token: str
    cookie: str
    key: Path
    url: str = ""
    ssh_port: int = 0
    supervisor: int = 0
    start_seconds: float = 0.0
    folders: dict[str, Path] = field(default_factory=dict)

    def remote(self, path: str) -> str:
        """The HTTP address of a repository, with a token in it."""
        host = urlsplit(self.url).netloc
        return f"http://{WRITER}:{self.token}@{host}/{path}.git"

    def add(self, path: str, source: Path) -> None:
        """Put a repository in: the same packs under another name."""
        branch = (source / "HEAD").read_text("utf-8").strip().removeprefix("ref: refs/heads/")
        repository = self.world.repository(
            path, visibility=Visibility.PRIVATE, default_branch=branch
        )
        self.world.grant(WRITER, Role.WRITER, path)
        # As after its first night: otherwise the first check of all objects, minutes of it, would
        # be measured beside everything else, in whichever row it falls.
        present = datetime.now(UTC)
        self.world.add(
            RepositoryHealth(id=repository.id, checked_at=present, maintained_at=present)
        )
        folder = self.world.folder(repository)
        put(source, folder)
        self.folders[path] = folder

    @property
    def web(self) -> int:
        """The process whose children answer requests: the part that writes this log."""
        children = [pid for pid in tree(self.supervisor) if parent(pid) == self.supervisor]
        log = (self.home / "logs/web.log").resolve()
        return next(pid for pid in children if Path(f"/proc/{pid}/fd/2").readlink() == log)


@contextmanager
def prepared(folder: Path) -> Generator[Product]:
    """An appliance that has one writer, and does not run yet."""
    home, key = folder / "home", folder / "key"
    command: list[str | Path] = [CODARA, "migrate", "--home", home]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)]
    subprocess.run(words, check=True)
    world = World(home, sqlite_url(home / "codara.db"))
    try:
        world.user(WRITER)
        world.organisation("lab")
        browser = world.browser(WRITER)
        cookie = browser.get_cookie(SESSION_COOKIE)
        world.add(_ssh_key(world, key))
        yield Product(home, world, world.token(WRITER), cookie.value if cookie else "", key)
    finally:
        world.close()


@contextmanager
def serving(product: Product) -> Generator[Product]:
    """Let it run, all of it."""
    port, product.ssh_port = free_port(), free_port()
    started = time.perf_counter()
    with serving_home(product.home, port, product.ssh_port) as product.supervisor:
        product.start_seconds = time.perf_counter() - started
        product.url = f"http://127.0.0.1:{port}"
        yield product


@contextmanager
def serving_home(home: Path, port: int, ssh_port: int) -> Generator[int]:
    """Let a home folder be served, which may be new; gives the process above all others."""
    whole = environment() | {"CODARA_SSH__PORT": str(ssh_port)}
    command: list[str | Path] = [CODARA, "serve", "--all", "--home", home, "--port", str(port)]
    with running(command, ready="is ready at", environment=whole, folder=ROOT) as process:
        yield process.pid


def put(source: Path, target: Path) -> None:
    """Give one bare repository the objects and refs of another, without copying them."""
    for file in (source / "objects").rglob("*"):
        place = target / "objects" / file.relative_to(source / "objects")
        if file.is_dir():
            place.mkdir(parents=True, exist_ok=True)
        elif not place.exists():
            _link(file, place)
    refs = git(source, "for-each-ref", "--format=%(objectname) %(refname)")
    lines = [line for line in refs.splitlines() if line]
    (target / "packed-refs").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    shutil.copyfile(source / "HEAD", target / "HEAD")


def environment() -> dict[str, str]:
    """What the product is started with: no settings of whoever measures."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return kept | {"CODARA_ADMIN_PASSWORD": "a sentence nobody types here"}


def parent(pid: int) -> int:
    """The parent of a process; 0 where it has ended. Source: proc_pid_stat(5)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(text.rpartition(")")[2].split()[1])


def _ssh_key(world: World, key: Path) -> SshKey:
    parsed = parse(key.with_suffix(".pub").read_text("utf-8"))
    return SshKey(
        user_id=world.actor(WRITER).id,
        title="bench",
        key_type=parsed.type,
        public_key=parsed.blob,
        fingerprint=parsed.fingerprint,
        created_at=datetime.now(UTC),
    )


def _link(file: Path, place: Path) -> None:
    try:
        os.link(file, place)
    except OSError:  # Another disk, or a link of a file that is not ours.
        shutil.copyfile(file, place)
