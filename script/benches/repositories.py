"""Repositories to measure with: generated, always the same, and kept for the next time.

    history   a million commits, a folder of 10,000 entries and a file of 6,000 lines
    assets    48 MiB that no compression makes smaller, in a few hundred commits
    small     what a young project looks like
    wide      100,000 files, and branches that change a few of them each
    reviewed  a change of 3,000 files and 100,000 lines, before and after a rebase

They are made by `git fast-import`, and kept outside the checkout, in `$XDG_CACHE_HOME`.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

FORM = 1
"""Number of the way in which they are made; another number makes them anew."""
SEED = 20_261_120
BEGAN_AT = 1_500_000_000
WIDE_ENTRIES = 10_000
WIDE_STEPS = 200
LONG_LINES = 6_000
LONG_STEPS = 300
FOLDERS, FILES = 50, 20
MERGE_EVERY = 64
ASSETS, ASSET_BYTES = 192, 256 * 1024
SMALL_COMMITS = 300
WIDE_FOLDERS, WIDE_INNER, WIDE_FILES = 100, 10, 100
WIDE_LINES = 12
WIDE_CHANGES = 20
REVIEWED_FILES, REVIEWED_LINES, REVIEWED_CHANGES = 3_000, 60, 17
REVIEWED_COMMITS = 50

Stream = Iterator[bytes]


def cache() -> Path:
    """The folder in which generated repositories stay."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "codara-bench"


def history(commits: int) -> Path:
    """A repository of so many commits, with a commit-graph that knows which paths changed."""

    def finish(folder: Path) -> None:
        git(folder, "commit-graph", "write", "--reachable", "--changed-paths")

    return _kept(f"history-{commits}", _history(commits), finish)


def assets() -> Path:
    """A repository of 48 MiB."""
    return _kept("assets", _assets(), _pack)


def small() -> Path:
    """A repository of some 300 commits and 100 files."""
    return _kept("small", _history(SMALL_COMMITS, wide=60, lines=200), _pack)


def wide() -> Path:
    """A repository of 100,000 files in 1,000 folders, with branches to merge.

    `side` changes other files than `main`, `same` other lines of the same; `moved` and `folder`
    rename what `side` changes.
    """
    return _kept("wide", _wide(), _pack)


def reviewed() -> Path:
    """A repository with a large change under review.

    `large` changes 17 lines of each of 3,000 files; `series` are 50 commits of some files each. On
    `onto`, which is newer than `main`, they stand again as `large-again` and `series-again`.
    """
    return _kept("reviewed", _reviewed(), _pack)


def git(folder: Path, *words: str) -> str:
    """What git says in a repository of ours; it may move refs there."""
    environment = {
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "CODARA_INTERNAL": "1",
    }
    command = ["git", "-c", "safe.directory=*", "-C", str(folder), *words]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


def _pack(folder: Path) -> None:
    git(folder, "repack", "-adq", "--write-bitmap-index")
    git(folder, "commit-graph", "write", "--reachable", "--changed-paths")


def _kept(name: str, stream: Stream, finish: Callable[[Path], None]) -> Path:
    folder = cache() / f"{name}-{FORM}.git"
    if folder.is_dir():
        return folder
    print(f"Making {folder}; it stays for the next time.", flush=True)
    unfinished = folder.with_suffix(f".{os.getpid()}")
    unfinished.mkdir(parents=True)
    try:
        git(unfinished, "init", "-q", "--bare", "--initial-branch=main", ".")
        _import(unfinished, stream)
        finish(unfinished)
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _import(folder: Path, stream: Stream) -> None:
    quick = ["-c", "pack.compression=1", "-c", "fastimport.unpackLimit=0"]
    words = ["git", "-C", str(folder), *quick, "fast-import", "--quiet", "--done", "--force"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, bufsize=1024 * 1024) as process:
        assert process.stdin is not None  # noqa: S101 - for the type checker.
        for piece in stream:
            process.stdin.write(piece)
        process.stdin.write(b"done\n")
        process.stdin.close()
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, words)


def _history(commits: int, *, wide: int = WIDE_ENTRIES, lines: int = LONG_LINES) -> Stream:
    """A main line with a merge now and then; its last commit has the mark `commits`."""
    chance = random.Random(SEED)  # noqa: S311 - always the same, on purpose.
    text = [f"line {number}: as it was first\n" for number in range(lines)]
    yield _commit("main", 1, "Begin.", b"".join(_first(wide, text)))
    wide_every, long_every = max(2, commits // WIDE_STEPS), max(3, commits // LONG_STEPS)
    share = max(1, wide * wide_every // commits)
    mark = 2
    while mark <= commits:
        merge = 0
        if mark % MERGE_EVERY == 0 and mark + 1 <= commits and mark > FILES:
            topic = _file(f"src/d{mark % FOLDERS:02}/topic.txt", f"topic {mark}\n")
            # Where it left the main line: that commit is no topic itself, because topics are rare.
            yield _commit("topic", mark, f"Try {mark}.", topic, parent=mark - 3)
            merge, mark = mark, mark + 1
        if mark % wide_every == 0:
            step = mark // wide_every
            change = b"".join(
                _file(f"wide/{n % wide:05}.txt", f"{n} in {mark}\n")
                for n in range(step * share, step * share + share)
            )
        elif mark % long_every == 1:
            for number in chance.sample(range(lines), max(1, lines // 200)):
                text[number] = f"line {number}: as commit {mark} has it\n"
            change = _file("long/lines.txt", "".join(text))
        else:
            change = _file(f"src/d{mark % FOLDERS:02}/f{mark % FILES:02}.txt", f"{mark}\n")
        parent = merge - 1 if merge else 0
        yield _commit("main", mark, f"Change number {mark}.", change, parent=parent, merge=merge)
        mark += 1
    yield b"reset refs/heads/topic\nfrom 0000000000000000000000000000000000000000\n\n"


def _first(wide: int, text: list[str]) -> Iterator[bytes]:
    yield _file("README.md", "# Generated\n\nA repository to measure with.\n")
    for number in range(wide):
        yield _file(f"wide/{number:05}.txt", f"{number}\n")
    yield _file("long/lines.txt", "".join(text))
    for folder in range(FOLDERS):
        yield _file(f"src/d{folder:02}/first.txt", f"{folder}\n")


def _assets() -> Stream:
    chance = random.Random(SEED)  # noqa: S311 - always the same, on purpose.
    for number in range(1, ASSETS + 1):
        body = chance.randbytes(ASSET_BYTES)
        name = f"M 100644 inline assets/{number:03}.bin\ndata {len(body)}\n".encode()
        yield _commit("main", number, f"Add asset {number}.", name + body + b"\n")


def _wide() -> Stream:
    """The base is commit 1, and each branch one commit on it."""
    paths = [
        f"f{outer:02}/g{inner}/{number:02}.txt"
        for outer in range(WIDE_FOLDERS)
        for inner in range(WIDE_INNER)
        for number in range(WIDE_FILES)
    ]
    chosen = [paths[place * len(paths) // WIDE_CHANGES] for place in range(WIDE_CHANGES)]
    others = [paths[paths.index(path) + 1] for path in chosen]
    branches = {
        "main": b"".join(_wide_file(path, first="changed") for path in others),
        "side": b"".join(_wide_file(path, last="changed") for path in chosen),
        "same": b"".join(_wide_file(path, last="changed") for path in others),
        "moved": f"R {chosen[3]} moved/here.txt\n".encode(),
        "folder": f"R {chosen[0].partition('/')[0]} renamed\n".encode(),
    }
    yield _commit("main", 1, "Begin.", b"".join(map(_wide_file, paths)))
    for mark, (branch, change) in enumerate(branches.items(), start=2):
        yield _commit(branch, mark, f"Change {branch}.", change, parent=1)


def _reviewed() -> Stream:
    """`main` is commit 1, `onto` commit 2; then what stands on the one and on the other."""
    numbers = range(REVIEWED_FILES)
    yield _commit("main", 1, "Begin.", b"".join(_reviewed_file(number) for number in numbers))
    yield _commit("onto", 2, "Go on.", _file("other.txt", "other\n"), parent=1)
    mark = 3
    for base, end in ((1, ""), (2, "-again")):
        large = b"".join(_reviewed_file(number, changed=True) for number in numbers)
        yield _commit(f"large{end}", mark, "Change all.", large, parent=base)
        parent, mark = base, mark + 1
        for step in range(REVIEWED_COMMITS):
            own = [
                _reviewed_file(number, changed=True) for number in numbers[step::REVIEWED_COMMITS]
            ]
            yield _commit(f"series{end}", mark, f"Step {step}.", b"".join(own), parent=parent)
            parent, mark = mark, mark + 1


def _reviewed_file(number: int, *, changed: bool = False) -> bytes:
    last = REVIEWED_CHANGES if changed else 0
    lines = (
        f"value_{number}_{line} = {'other' if line < last else 'compute'}({line})\n"
        for line in range(REVIEWED_LINES)
    )
    return _file(f"src/p{number % 40:02}/f{number:04}.py", "".join(lines))


def _wide_file(path: str, first: str = "first", last: str = "last") -> bytes:
    middle = "".join(f"{path} {number}\n" for number in range(WIDE_LINES))
    return _file(path, f"{first}\n{middle}{last}\n")


def _commit(
    branch: str, mark: int, message: str, change: bytes, *, parent: int = 0, merge: int = 0
) -> bytes:
    who = f"Writer {mark % 7} <writer{mark % 7}@codara.test> {BEGAN_AT + mark * 60} +0000"
    lines = [f"commit refs/heads/{branch}", f"mark :{mark}", f"committer {who}"]
    lines += [f"data {len(message)}", message]
    lines += [f"from :{parent}"] if parent else []
    lines += [f"merge :{merge}"] if merge else []
    return "\n".join(lines).encode() + b"\n" + change + b"\n"


def _file(path: str, content: str) -> bytes:
    return f"M 100644 inline {path}\ndata {len(content)}\n{content}\n".encode()
