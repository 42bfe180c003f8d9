"""What signatures cost: pushes under a rule that commits must be signed, and histories with badges.

Each beside the same without signatures and without the rule. The appliance begins anew for every
round, so that nothing it has checked in one is remembered in the next.
"""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from appliance.domain.permissions import Role
from appliance.domain.signatures import SignedBy
from appliance.services import openpgp_keys, protections, ssh_keys, users
from tests.signing import Signer
from tests.world import NOON

from .bench_web import Reader
from .measure import Run, serve
from .product import WRITER, Product, prepared, serving
from .repositories import git
from .rows import Row, compared, percentile

COMMITS = 1_000
KINDS = {"ssh": "SSH-signed", "pgp": "OpenPGP-signed"}
PLAIN, WARMING = "plain", "warming"
EACH_MS, WARM_MS = 3.0, 150.0
WARM_REQUESTS = 20
PROCESSES = 2
"""Each of them is asked for a page before it counts as warm."""
ADMINISTRATOR = "keeper"
MAKE = """set -e
tree=$(git write-tree)
parent=
for number in $(seq {count}); do
    parent=$(git commit-tree {sign} ${{parent:+-p}} $parent -m "Change number $number." "$tree")
done
git update-ref refs/heads/{kind} "$parent"
"""


@dataclass
class Taken:
    """What was measured of one kind of commits, each list one value a round."""

    pushes: list[Run] = field(default_factory=list)
    cold: list[float] = field(default_factory=list)
    warm: list[float] = field(default_factory=list)


def run(rounds: int) -> list[Row]:
    """Pushes and pages, of commits signed with both kinds of keys."""
    with tempfile.TemporaryDirectory(prefix="cb-") as name:
        folder = Path(name)
        signer = Signer(folder / "p")
        with prepared(folder) as product:
            try:
                _settle(product, signer, rounds)
                found = {kind: Taken() for kind in (*KINDS, PLAIN)}
                for number in range(rounds):
                    with serving(product):
                        _warm_up(product, signer, f"{WARMING}-{number}")
                        for kind in _in_turn(number):
                            _pages(product, kind, found[kind])
                    with serving(product):
                        _warm_up(product, signer, f"{WARMING}-{number}-again")
                        for kind in _in_turn(number):
                            pushed = _push(product, signer, kind, f"{kind}-{number}")
                            found[kind].pushes.append(pushed)
            finally:
                signer.close()
    return [row for kind, said in KINDS.items() for row in _rows(said, found[kind], found[PLAIN])]


def _in_turn(number: int) -> list[str]:
    """Every kind, each round another one first: it finds the processes as they have begun."""
    kinds = [*KINDS, PLAIN]
    first = number % len(kinds)
    return kinds[first:] + kinds[:first]


def _settle(product: Product, signer: Signer, rounds: int) -> None:
    """Keys, commits, one history to look at of each kind, and what is pushed to in each round."""
    world = product.world
    world.administrator(ADMINISTRATOR)
    with world.begin(world.actor(ADMINISTRATOR)) as work:
        users.change(work, WRITER, {"email": signer.address})
    with world.begin(world.actor(WRITER)) as work:
        _make(signer, PLAIN, "--no-gpg-sign")
        ssh_keys.add(work, text=signer.ssh_key(), now=NOON)
        _make(signer, "ssh", "-S")
        openpgp_keys.add(work, text=signer.pgp_key(), now=NOON)
        _make(signer, "pgp", "-S")
    for kind in (*KINDS, PLAIN):
        _look_at(product, signer, kind)
        for number in range(rounds):
            _empty(product, f"{kind}-{number}", is_ruled=kind in KINDS)
    for number in range(rounds):
        for name in (f"{WARMING}-{number}", f"{WARMING}-{number}-again"):
            _empty(product, name, is_ruled=False)


def _make(signer: Signer, kind: str, sign: str) -> None:
    script = MAKE.format(count=COMMITS, sign=sign, kind=kind)
    environment = signer.git.whole_environment
    subprocess.run(["sh", "-c", script], cwd=signer.copy, env=environment, check=True)


def _look_at(product: Product, signer: Signer, kind: str) -> None:
    source = signer.home / f"{kind}.git"
    words = ("clone", "-q", "--bare", "--single-branch", "--branch", kind)
    signer.git(*words, str(signer.copy), str(source), at=signer.home)
    git(source, "pack-refs", "--all")
    product.add(f"lab/history-{kind}", source)


def _empty(product: Product, name: str, *, is_ruled: bool) -> None:
    path = f"lab/{name}"
    world = product.world
    world.repository(path)
    world.grant(WRITER, Role.OWNER, path)
    if is_ruled:
        rule = protections.Rule("main", signed_by=frozenset(SignedBy))
        with world.begin(world.actor(WRITER)) as work:
            protections.protect(work, path, rule, now=NOON)


def _warm_up(product: Product, signer: Signer, name: str) -> None:
    """What the first push and the first page of a process need, whatever they are of."""
    _push(product, signer, f"{PLAIN}~{COMMITS - 1}", name)
    reader = Reader(product)
    for _ in range(PROCESSES):
        reader.ask(f"/lab/{name}/commits/main")


def _push(product: Product, signer: Signer, what: str, name: str) -> Run:
    remote = product.remote(f"lab/{name}")

    def act() -> None:
        signer.git("push", "-q", remote, f"{what}:refs/heads/main", at=signer.copy)

    return serve(product.web, act)


def _pages(product: Product, kind: str, taken: Taken) -> None:
    reader = Reader(product)
    path = f"/lab/history-{kind}/commits/{kind}"
    taken.cold.append(reader.ask(path))
    for _ in range(2 * PROCESSES):
        reader.ask(path)
    taken.warm += [reader.ask(path) for _ in range(WARM_REQUESTS)]


def _rows(said: str, ours: Taken, plain: Taken) -> list[Row]:
    name = f"push of {COMMITS:,} {said} commits under a rule, beside unsigned without one"
    pairs = zip(ours.pushes, plain.pushes, strict=True)
    more = [(mine.wall_seconds - theirs.wall_seconds) * 1000 / COMMITS for mine, theirs in pairs]
    page = f"history page of {said} commits"
    cold, warm = percentile(ours.cold, 0.5), percentile(ours.warm, 0.5)
    return [
        *compared(name, ours.pushes, plain.pushes),
        Row(f"{name}, more for each commit", "ms", percentile(more, 0.5), EACH_MS),
        Row(f"{page}, beside unsigned ones, cold", "ms", cold, 0, percentile(plain.cold, 0.5)),
        Row(f"{page}, beside unsigned ones, warm", "ms", warm, 0, percentile(plain.warm, 0.5)),
        Row(f"{page}, warm, p95", "ms", percentile(ours.warm, 0.95), WARM_MS),
    ]
