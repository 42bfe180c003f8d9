"""Pages of a large repository, pages while others clone, and what the idle product holds."""

from __future__ import annotations

import argparse
import gzip
import http.client
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from appliance.web.requests import SESSION_COOKIE
from tests.peers.server import free_port

from . import clients, repositories
from .measure import Run, in_turn, run_program, tree_cpu_seconds, tree_memory_bytes
from .product import CODARA, ROOT, Product, environment, prepared, serving, serving_home
from .rows import Row, compared, percentile

WARM_MS, COLD_MS, BESIDE_CLONES_MS = 100.0, 1000.0, 300.0
START_MS, MEMORY_MIB, LOADED_MIB = 5000.0, 400e6 / 1024**2, 500.0
SETTLED_SECONDS, RESTED_SECONDS = 10.0, 60.0
"""Then the first jobs have been done; and then nobody needs what was needed before."""
TRANSFERRED_KB = 60.0
WARM_REQUESTS, BESIDE_CLONES = 40, 100
CLONES_BEGIN_SECONDS = 2.0
CLONES = 8
CLIENTS_NICENESS = 10
"""The clones' clients are other machines in life; here they may not take pages' processor time."""
OK = 200

LARGE = {
    "tree of 10,000 entries": "/lab/history/tree/main/wide",
    "history of {commits} commits": "/lab/history/commits/main",
}
OTHERS = {
    "repository home": "/lab/history",
    "history of a folder": "/lab/history/commits/main/src/d07",
    "file": "/lab/history/blob/main/src/d07/f07.txt",
    "branches": "/lab/history/branches",
    "small repository home": "/lab/small",
}
CODE = frozenset({"file"})
STILL_LOOKING, MOST_PIECES = re.compile(rb"part=(?:rows|languages)"), 60
BLAMED = "long/lines.txt"
BLAMED_COMMITS = 20_000


@dataclass
class Reader:
    """A browser with one open connection; its state is that and the page it read last."""

    product: Product
    connection: http.client.HTTPConnection | None = None
    text: bytes = b""
    transferred_bytes: int = 0

    def ask(self, path: str) -> float:
        """Read a page to its end; gives the milliseconds."""
        if self.connection is None:
            parts = urlsplit(self.product.url)
            self.connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
        headers = {"Cookie": f"{SESSION_COOKIE}={self.product.cookie}", "Accept": "text/html"}
        headers["Accept-Encoding"] = "gzip"
        began = time.perf_counter()
        self.connection.request("GET", path, headers=headers)
        answer = self.connection.getresponse()
        body = answer.read()
        milliseconds = (time.perf_counter() - began) * 1000
        if answer.status != OK:
            raise RuntimeError(f"{path} is answered with {answer.status}")
        self.transferred_bytes = len(body)
        is_packed = answer.getheader("Content-Encoding") == "gzip"
        self.text = gzip.decompress(body) if is_packed else body
        return milliseconds


def run(options: argparse.Namespace) -> list[Row]:
    """Every measurement of the pages."""
    history = repositories.history(options.commits)
    sources = {"lab/history": history, "lab/small": repositories.small()}
    sources["lab/assets"] = repositories.assets()
    # In a million commits git itself looks for a quarter of a minute, which no page is given.
    sources["lab/blamed"] = repositories.history(BLAMED_COMMITS)
    large, others = LARGE, OTHERS
    if options.repository is not None:
        sources["lab/given"] = options.repository.resolve()
        large = large | _pages_of(sources["lab/given"])
        others = others | {"given repository's home": "/lab/given"}
    with tempfile.TemporaryDirectory(prefix="codara-bench-") as name, prepared(Path(name)) as ours:
        for path, source in sources.items():
            ours.add(path, source)
        found = [_first_start(Path(name) / "new"), *_starts(ours, options.rounds)]
        for path in {"lab/history", "lab/given"} & sources.keys():
            _forget(ours.folders[path])
        with serving(ours):
            time.sleep(SETTLED_SECONDS)
            found.append(_memory(ours, "idle product, memory"))
            for pages, is_large in ((large, True), (others, False)):
                found += _cold_and_warm(ours, pages, options.commits, is_large=is_large)
            found += _blame(ours, sources["lab/blamed"], options.rounds)
            found += _beside_clones(ours, sources["lab/assets"])
            found += _loaded_memory(ours)
            _use(ours, sources["lab/small"])
            time.sleep(RESTED_SECONDS)
            found.append(_memory(ours, "product after use and a minute of rest, memory"))
            found.append(Row("first page after that", "ms", Reader(ours).ask("/lab/small"), 0))
    return [row for row in found if options.only in row.name]


def _first_start(home: Path) -> Row:
    """What a new home takes, when what is to be done once has been done."""
    with serving_home(home, free_port(), free_port()) as supervisor:
        time.sleep(SETTLED_SECONDS)
        held = tree_memory_bytes(supervisor) / 1024**2
    return Row("first start, memory", "MiB", held, MEMORY_MIB)


def _starts(ours: Product, rounds: int) -> list[Row]:
    taken, costs = [], []
    for _ in range(min(3, rounds)):
        with serving(ours):
            taken.append(ours.start_seconds * 1000)
            costs.append(tree_cpu_seconds(ours.supervisor) * 1000)
    return [
        Row("start when set up", "ms", percentile(taken, 0.5), START_MS),
        Row("start when set up, CPU", "ms", percentile(costs, 0.5), 0),
    ]


def _memory(ours: Product, name: str) -> Row:
    return Row(name, "MiB", tree_memory_bytes(ours.supervisor) / 1024**2, MEMORY_MIB)


def _loaded_memory(ours: Product) -> list[Row]:
    """What it holds in the end, and how much of that is its own and no file that is mapped."""
    whole = tree_memory_bytes(ours.supervisor) / 1024**2
    own = tree_memory_bytes(ours.supervisor, "Pss_Anon") / 1024**2
    return [
        Row("product after all this, memory", "MiB", whole, 0),
        Row("product after all this, memory without mapped files", "MiB", own, LOADED_MIB),
    ]


def _use(ours: Product, source: Path) -> None:
    """What people do beside reading: clone over SSH, push, have a repository imported, search."""
    with tempfile.TemporaryDirectory(prefix="codara-bench-") as name:
        folder, ssh = Path(name) / "clone", clients.ssh_words(ours.key, Path(name))
        address = f"ssh://git@127.0.0.1:{ours.ssh_port}/lab/small.git"
        clients.run_git("clone", "-q", address, folder, ssh=ssh)
        clients.run_git("commit", "-q", "--allow-empty", "-m", "One more", at=folder)
        clients.run_git("push", "-q", ours.remote("lab/small"), "HEAD", at=folder)
    words: list[str | Path] = [
        CODARA,
        "repo",
        "import",
        source,
        "lab/imported",
        "--home",
        ours.home,
    ]
    words += ["--visibility", "internal"]
    subprocess.run(words, env=environment(), check=True, capture_output=True)
    for path in ("/search?q=lab", "/lab/small", "/lab/imported", "/lab/imported/commits/main"):
        Reader(ours).ask(path)


def _pages_of(given: Path) -> dict[str, str]:
    """The history of a real repository, and its folder with the most entries."""
    branch = repositories.git(given, "symbolic-ref", "--short", "HEAD")
    files = repositories.git(given, "ls-tree", "-r", "--name-only", branch).splitlines()
    folder, entries = Counter(Path(file).parent for file in files).most_common(1)[0]
    commits = int(repositories.git(given, "rev-list", "--count", branch))
    return {
        f"given repository, tree of {entries:,} files": f"/lab/given/tree/{branch}/{folder}",
        f"given repository, history of {commits:,} commits": f"/lab/given/commits/{branch}",
    }


def _cold_and_warm(
    ours: Product, pages: dict[str, str], commits: int, *, is_large: bool
) -> list[Row]:
    reader = Reader(ours)
    found = []
    for title, path in pages.items():
        name = title.format(commits=f"{commits:,}")
        found.append(Row(f"{name}, cold", "ms", reader.ask(path), COLD_MS if is_large else 0))
        found += _settled(reader, path, name)
        before = tree_cpu_seconds(ours.web)
        warm = [reader.ask(path) for _ in range(WARM_REQUESTS)]
        cost = (tree_cpu_seconds(ours.web) - before) * 1000 / WARM_REQUESTS
        bound = WARM_MS if is_large else 0
        most = 0 if title in CODE else TRANSFERRED_KB
        found += [
            Row(f"{name}, warm, median", "ms", percentile(warm, 0.5), 0),
            Row(f"{name}, warm, p95", "ms", percentile(warm, 0.95), bound),
            Row(f"{name}, warm, CPU of each", "ms", cost, 0),
            Row(f"{name}, transferred", "kB", reader.transferred_bytes / 1000, most),
            Row(f"{name}, as a browser reads it", "kB", len(reader.text) / 1000, 0),
        ]
    return found


def _settled(reader: Reader, path: str, name: str) -> list[Row]:
    """Ask for what the page asks for by itself: what it did not wait for."""
    taken = 0.0
    for piece in sorted({found.decode() for found in STILL_LOOKING.findall(reader.text)}):
        for _ in range(MOST_PIECES):
            taken += reader.ask(f"{path}?{piece}")
            if piece.encode() not in reader.text:
                break
    reader.ask(path)
    return [Row(f"{name}, all of it known after", "ms", taken, 0)] if taken else []


def _blame(ours: Product, source: Path, rounds: int) -> list[Row]:
    reader = Reader(ours)
    command = ["git", "-C", str(source), "blame", "--porcelain", "main", "--", BLAMED]

    def page() -> Run:
        return Run(reader.ask(f"/lab/blamed/blame/main/{BLAMED}") / 1000, 0)

    def program() -> Run:
        return run_program(command, environment=clients.git_environment())

    mine, theirs = in_turn(page, program, rounds=rounds)
    name = f"blame of 6,000 lines in {BLAMED_COMMITS:,} commits"
    return compared(name, mine, theirs, wall=2.0)[:1]


def _beside_clones(ours: Product, source: Path) -> list[Row]:
    """Pages while eight clients on this machine clone, each again as soon as it is done."""
    oid = repositories.git(source, "rev-parse", "HEAD")
    words = ["nice", f"--adjustment={CLIENTS_NICENESS}", sys.executable, "-m"]
    words += ["script.benches.clients", ours.remote("lab/assets"), oid]
    reader = Reader(ours)
    paths = [OTHERS["small repository home"], "/lab/small/commits/main"]
    alone = [reader.ask(path) for path in paths * (BESIDE_CLONES // 4)]
    cloning = [subprocess.Popen(words, cwd=ROOT) for _ in range(CLONES)]
    try:
        time.sleep(CLONES_BEGIN_SECONDS)
        taken = [reader.ask(paths[number % len(paths)]) for number in range(BESIDE_CLONES)]
    finally:
        for client in cloning:
            client.kill()
            client.wait()
    return [
        Row("page, nobody clones, p95", "ms", percentile(alone, 0.95), 0),
        Row(f"page, {CLONES} clones, median", "ms", percentile(taken, 0.5), 0),
        Row(f"page, {CLONES} clones, p95", "ms", percentile(taken, 0.95), 0),
        Row(f"page, {CLONES} clones, slowest", "ms", max(taken), BESIDE_CLONES_MS),
    ]


def _forget(folder: Path) -> None:
    """Let the system drop what it keeps of a repository's files, as after a night."""
    for file in (folder / "objects").rglob("*"):
        if file.is_file():
            descriptor = os.open(file, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)
