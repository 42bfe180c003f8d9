"""Clones, fetches and pushes beside git's own HTTP backend, and SSH beside sshd with a shell."""

from __future__ import annotations

import argparse
import getpass
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import clients, inside, repositories
from .measure import Run, in_turn, run_program, tree_cpu_seconds
from .product import Product, prepared, serving
from .reference import Reference, http_backend, our_sshd, plain_sshd
from .rows import Row, compared

INFO_REFS = "/info/refs?service=git-upload-pack"
REQUESTS = 40
LS_REMOTES = 5
CAREFUL = {
    "core.fsync": "committed,loose-object,reference",
    "core.fsyncMethod": "batch",
    "transfer.fsckObjects": "true",
}
"""Git's configuration of every repository of ours, as far as it costs time."""


@dataclass(frozen=True)
class Sides:
    """Both servers, and how often to measure."""

    product: Product
    reference: Reference
    folder: Path
    rounds: int

    def compare(
        self,
        name: str,
        act: Callable[[str], None],
        path: str,
        *,
        wall: float = 0,
        cpu: float = 0,
        rounds: int = 0,
    ) -> list[Row]:
        """Let the same client act against both in turn; each is given its address."""
        ours, theirs = self.product.remote(path), self.reference.remote(path, counted=cpu > 0)
        mine, other = in_turn(
            lambda: served(self.web_cpu_seconds, lambda: act(ours)),
            lambda: served(self.reference.cpu_seconds, lambda: act(theirs)),
            rounds=rounds or self.rounds,
        )
        rows = compared(name, mine, other, wall=wall, cpu=cpu)
        # What small requests to the reference cost is not known; see Reference.
        return rows if cpu else rows[:1]

    def web_cpu_seconds(self) -> float:
        """What our web processes and all that they started have cost."""
        return tree_cpu_seconds(self.product.web)


def run(options: argparse.Namespace) -> list[Row]:
    """Every measurement of the Git door."""
    sources = {"lab/small": repositories.small(), "lab/assets": repositories.assets()}
    if options.repository is not None:
        sources["lab/given"] = options.repository.resolve()
    with tempfile.TemporaryDirectory(prefix="codara-bench-") as name:
        folder = Path(name)
        with prepared(folder) as product:
            for path, source in sources.items():
                product.add(path, source)
            with serving(product), http_backend(folder, sources) as reference:
                sides = Sides(product, reference, folder, options.rounds)
                return _chosen(sides, sources, options.only)


def served(cpu_seconds: Callable[[], float], act: Callable[[], None]) -> Run:
    """Let a client act; the cost is what the server's clock of costs says."""
    before = cpu_seconds()
    started = time.perf_counter()
    act()
    wall_seconds = time.perf_counter() - started
    return Run(wall_seconds, cpu_seconds() - before)


def _chosen(sides: Sides, sources: dict[str, Path], only: str) -> list[Row]:
    groups: list[tuple[str, Callable[[], list[Row]]]] = [
        ("info/refs", lambda: _advertisements(sides)),
        ("ls-refs", lambda: _ref_lists(sides, sources)),
        ("clone small", lambda: _small_clone(sides)),
        ("push small", lambda: _small_push(sides)),
        ("clone large", lambda: _large_clones(sides, sources)),
        ("ssh", lambda: _ssh(sides)),
        ("inside", lambda: inside.rows(sides.product.world, sides.folder / "postgresql")),
    ]
    found = []
    for name, group in groups:
        if only in name:
            print(f"... {name}", flush=True)
            found += group()
    return found


def _advertisements(sides: Sides) -> list[Row]:
    def act(address: str) -> None:
        wire = clients.Wire(address)
        for _ in range(REQUESTS):
            wire.get(INFO_REFS, clients.V2)
        wire.close()

    return sides.compare(f"info/refs, {REQUESTS} times", act, "lab/small", wall=1.0)


def _ref_lists(sides: Sides, sources: dict[str, Path]) -> list[Row]:
    def act(address: str) -> None:
        wire = clients.Wire(address)
        for _ in range(REQUESTS):
            wire.upload_pack(clients.list_refs())
        wire.close()

    found = []
    for path in ("lab/small", "lab/given"):
        if path in sources:
            count = len(repositories.git(sources[path], "for-each-ref").splitlines())
            name = f"ls-refs, {count} refs, {REQUESTS} times"
            found += sides.compare(name, act, path, wall=1.2)
    return found


def _small_clone(sides: Sides) -> list[Row]:
    def act(address: str) -> None:
        clients.clone(address, sides.folder)

    return sides.compare("git clone of 300 commits", act, "lab/small", wall=1.3)


def _large_clones(sides: Sides, sources: dict[str, Path]) -> list[Row]:
    found = []
    for path in ("lab/assets", "lab/given"):
        if path not in sources:
            continue
        oid = repositories.git(sources[path], "rev-parse", "HEAD")
        wire = clients.Wire(sides.reference.remote(path))
        size = wire.upload_pack(clients.everything(oid)) >> 20
        rounds = sides.rounds if path == "lab/assets" else min(3, sides.rounds)

        def read(address: str, oid: str = oid) -> None:
            clients.Wire(address).upload_pack(clients.everything(oid))

        def clone(address: str) -> None:
            clients.clone(address, sides.folder)

        found += sides.compare(
            f"pack of {size} MiB, read only", read, path, wall=1.1, cpu=1.05, rounds=rounds
        )
        found += _plain(sides, path, oid, size, rounds)
        if path == "lab/assets":
            found += sides.compare(f"git clone of {size} MiB", clone, path, wall=1.1, cpu=1.05)
    return found


def _plain(sides: Sides, path: str, oid: str, size: int, rounds: int) -> list[Row]:
    """The same beside `git upload-pack` with no server at all around it; promised to nobody."""
    bare = sides.reference.folder / f"{path}.git"
    question = sides.folder / "question"
    question.write_bytes(clients.everything(oid))
    command = f"GIT_PROTOCOL=version=2 git upload-pack --stateless-rpc {bare} < {question}"
    environment = clients.git_environment()

    def read() -> None:
        clients.Wire(sides.product.remote(path)).upload_pack(clients.everything(oid))

    mine, theirs = in_turn(
        lambda: served(sides.web_cpu_seconds, read),
        lambda: run_program(["sh", "-c", command], environment=environment),
        rounds=rounds,
    )
    return compared(f"pack of {size} MiB, beside plain upload-pack", mine, theirs)


def _small_push(sides: Sides) -> list[Row]:
    """Beside git's backend as it comes: it writes nothing to the disk for certain, looks at no
    object and asks nobody who they are. And beside one that is as careful with what it takes as we
    are, which shows how much of the difference is that; promised to nobody.
    """
    careful = sides.reference.add("lab/careful", repositories.small(), CAREFUL)
    found = []
    for name, theirs, wall in (
        ("git push of one commit, all checks", sides.reference.remote("lab/small"), 1.5),
        ("git push of one commit, beside a careful backend", careful, 0),
    ):
        ours = sides.product.remote("lab/small")
        with tempfile.TemporaryDirectory(dir=sides.folder) as place:
            mine, other = in_turn(
                _pushing(Path(place) / "ours", ours),
                _pushing(Path(place) / "reference", theirs),
                rounds=max(15, sides.rounds),
            )
        found += compared(name, mine, other, wall=wall)[:1]
    return found


def _pushing(folder: Path, remote: str) -> Callable[[], Run]:
    copy = clients.WorkingCopy(folder, remote)

    def act() -> Run:
        copy.commit()
        return served(lambda: 0, copy.push)

    return act


def _ssh(sides: Sides) -> list[Row]:
    product, account = sides.product, getpass.getuser()
    ssh = clients.ssh_words(product.key, sides.folder)
    with (
        our_sshd(sides.folder / "sshd-ours", product) as asking,
        plain_sshd(sides.folder / "sshd-plain", product.key) as plain,
    ):
        ours = f"ssh://{account}@127.0.0.1:{asking}/lab/small.git"
        embedded = f"ssh://git@127.0.0.1:{product.ssh_port}/lab/small.git"
        bare = sides.reference.folder / "lab/small.git"
        theirs = f"ssh://{account}@127.0.0.1:{plain}{bare}"

        def listing(address: str) -> Callable[[], Run]:
            def act() -> Run:
                began = time.perf_counter()
                for _ in range(LS_REMOTES):
                    clients.run_git("ls-remote", "-q", address, ssh=ssh)
                return Run((time.perf_counter() - began) / LS_REMOTES, 0)

            return act

        found = []
        for name, address, wall in (("OpenSSH", ours, 1.1), ("embedded server", embedded, 0)):
            mine, other = in_turn(listing(address), listing(theirs), rounds=sides.rounds)
            found += compared(f"ssh ls-remote, {name}", mine, other, wall=wall)[:1]
        return found
