"""What we are compared with: git's HTTP backend behind nginx, and git behind sshd and a shell."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from appliance.ssh import openssh
from tests.peers.nginx import git_http_backend, start_git_http_backend
from tests.peers.sshd import start_sshd

from .measure import tree, tree_cpu_seconds
from .product import Product, parent, put
from .repositories import git

COUNTING = """#!/bin/sh
# fcgiwrap does not wait for what it starts, so nobody would know what that cost.
{backend}
times >> {notes}
"""


@dataclass(frozen=True)
class Reference:
    """A folder of bare repositories, and where they are served."""

    folder: Path
    url: str
    counted_url: str
    """The same with a shell around it that writes down what each request cost: a millisecond."""
    notes: Path
    processes: tuple[int, ...]
    """nginx and fcgiwrap."""

    def remote(self, path: str, *, counted: bool = False) -> str:
        """The HTTP address of a repository."""
        return f"{self.counted_url if counted else self.url}/{path}.git"

    def add(self, path: str, source: Path, configuration: dict[str, str]) -> str:
        """Serve one more repository, configured so; gives its HTTP address."""
        bare = self.folder / f"{path}.git"
        bare.mkdir(parents=True)
        git(bare, "init", "-q", "--bare", ".")
        put(source, bare)
        for key, value in configuration.items():
            git(bare, "config", key, value)
        return self.remote(path)

    def cpu_seconds(self) -> float:
        """Processor time of nginx and fcgiwrap, and of all requests to the counted address."""
        noted = sum(map(_seconds, self.notes.read_text("utf-8").split()))
        return noted + sum(map(tree_cpu_seconds, self.processes))


@contextmanager
def http_backend(folder: Path, repositories: dict[str, Path]) -> Generator[Reference]:
    """Git's own way to serve these repositories, each `path: source`."""
    root = folder / "repositories"
    for path, source in repositories.items():
        bare = root / f"{path}.git"
        bare.mkdir(parents=True)
        git(bare, "init", "-q", "--bare", ".")
        put(source, bare)
    notes, counting = folder / "notes", folder / "counting"
    notes.touch(mode=0o666)
    counting.write_text(COUNTING.format(backend=git_http_backend(), notes=notes), "utf-8")
    counting.chmod(0o755)
    counted = folder / "counted"
    counted.mkdir()
    before = set(tree(os.getpid()))
    with (
        start_git_http_backend(folder, root) as url,
        start_git_http_backend(counted, root, backend=counting) as counted_url,
    ):
        began = [pid for pid in tree(os.getpid()) if pid not in before]
        own = [pid for pid in began if parent(pid) == os.getpid()]
        yield Reference(root, url, counted_url, notes, tuple(own))


def _seconds(text: str) -> float:
    """What the shell's `times` writes, such as 0m0.120000s."""
    minutes, _, seconds = text.removesuffix("s").partition("m")
    return int(minutes) * 60 + float(seconds)


@contextmanager
def our_sshd(folder: Path, product: Product) -> Generator[int]:
    """OpenSSH that asks the appliance, as an installed host has it; gives the port."""
    folder.mkdir()
    text = openssh.configuration(
        python=Path(sys.executable).resolve(),
        socket=product.home / "run/web.sock",
        account=getpass.getuser(),
    )
    with start_sshd(folder, "PermitRootLogin yes", *text.splitlines()) as server:
        yield server.port


@contextmanager
def plain_sshd(folder: Path, key: Path) -> Generator[int]:
    """The same OpenSSH with a shell behind it: it knows one key and asks nobody."""
    folder.mkdir()
    allowed = folder / "authorized_keys"
    allowed.write_text(key.with_suffix(".pub").read_text("utf-8"), "utf-8")
    lines = ["PermitRootLogin yes", "StrictModes no", f"AuthorizedKeysFile {allowed}"]
    with start_sshd(folder, *lines, "AcceptEnv GIT_PROTOCOL") as server:
        yield server.port
