"""Following a directory of 50,000 people in 5,000 groups, beside a plain search of all of it; and
what signing in, permission checks, signatures and a SCIM client cost. `--only` names one of these.

`--commits` says how many people; a tenth as many groups, in rows of five within each other. The
directory is OpenLDAP, on this machine.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from appliance.domain.identity_providers import Gives, GroupRule
from appliance.domain.provider_syncs import SyncState
from appliance.federation import ldap_reading, provider_settings
from appliance.federation.ldap import Directory as Reader
from appliance.federation.ldap_settings import LdapSettings
from appliance.federation.ldap_spool import Spool
from tests.peers import slapd
from tests.peers.slapd import BASE, SERVICE, SERVICE_PASSWORD, Directory
from tests.services.arrivals import rule
from tests.services.synchronising import LOCKED, Corp
from tests.world import World

from . import identity_doors, identity_rights, identity_scim, identity_signed
from .identity_worlds import chosen
from .measure import Run, in_turn, run_program
from .rows import Row, compared

MOST = 50_000
MEMBERS = 40
DEEP = 5
RULES = 20
CHANGED = 100
"""One of so many people is disabled for the run that has something to do."""
FIRST_SECONDS, LATER_SECONDS = 300, 120
MEMORY_MIB = 64
ATTRIBUTES = ("entryUUID", "uid", "cn", "mail", "pwdAccountLockedTime", "pwdEndTime")


def run(options: argparse.Namespace) -> list[Row]:
    """Every part, or one."""
    parts: dict[str, Callable[[], list[Row]]] = {
        "checks": lambda: identity_rights.run(options.on),
        "doors": identity_doors.run,
        "scim": lambda: identity_scim.run(min(options.commits, MOST), options.on),
        "signed": lambda: identity_signed.run(options.rounds),
        "sync": lambda: _follow(options),
    }
    wanted = [part for name, part in parts.items() if options.only in name]
    return [row for part in wanted for row in part()]


def _follow(options: argparse.Namespace) -> list[Row]:
    """Reading beside the plain search; then a first run, one of nothing, and one of changes."""
    count = min(options.commits, MOST)
    ldif = "".join(_entries(count))
    found: list[Row] = []
    for name, opened in chosen(options.on).items():
        with opened() as world, slapd.start_slapd(more=ldif, size=4096 * slapd.MIB) as directory:
            rows = _measure(world, directory, count, options.rounds)
            found += [replace(row, name=f"{row.name}, {name}") for row in rows]
    return found


def _measure(world: World, directory: Directory, count: int, rounds: int) -> list[Row]:
    reader = Reader(provider_settings.read(LdapSettings, directory.settings(), {}))

    def read() -> Run:
        return _timed(lambda: _read(reader, world.wiring.home.scratch, count))

    def search() -> Run:
        return _search(directory)

    mine, theirs = in_turn(read, search, rounds=rounds)
    rows = compared(f"reading {count} people and their groups", mine, theirs)
    corp = Corp(world, directory, "u", world.administrator())
    corp.add(
        user_filter="(objectClass=person)",
        group_filter="(objectClass=groupOfNames)",
        answer_seconds=60,
    )
    world.organisation("lab")
    for number in range(RULES):
        world.team(f"lab/team-{number}")
        group = f"cn=g{number * DEEP:05},ou=groups,{BASE}"
        rule(world, corp.by, "corp", GroupRule(group, Gives.TEAM, f"lab/team-{number}"))
    before = _memory_kib("VmRSS")
    first = _timed(lambda: _synchronise(corp, f"created.done: {count}"))
    _forget_peak()
    at_rest = _memory_kib("VmRSS")
    nothing, plain = in_turn(
        lambda: _timed(lambda: _synchronise(corp, "")), search, rounds=min(rounds, 3)
    )
    peak = _memory_kib("VmHWM")
    for number in range(0, count, CHANGED):
        directory.change(f"uid=u{number:05},ou=people,{BASE}", *LOCKED)
    changes = _timed(lambda: _synchronise(corp, f"disabled.done: {-(-count // CHANGED)}"))
    return [
        *rows,
        *compared("a run with nothing to change", nothing, plain),
        _row("the first run, everybody becomes a user", first.wall_seconds, FIRST_SECONDS),
        _row("the first run, CPU", first.cpu_seconds, 0),
        _row("a run with nothing to change", nothing[0].wall_seconds, LATER_SECONDS),
        _row("a run that disables one of a hundred", changes.wall_seconds, LATER_SECONDS),
        Row(
            "memory that a run with nothing to change takes",
            "MiB",
            (peak - at_rest) / 1024,
            MEMORY_MIB,
        ),
        Row("memory that the first run left", "MiB", (at_rest - before) / 1024, 0),
    ]


def _row(name: str, seconds: float, bound: float) -> Row:
    return Row(name, "s", seconds, bound)


def _read(reader: Reader, folder: Path, count: int) -> None:
    spool = Spool(folder)
    found = 0

    def take(reading: ldap_reading.Reading) -> None:
        nonlocal found
        found = sum(len(people) for people in reading.people())

    now = datetime.now(UTC)
    ldap_reading.directory_read(reader, spool, take, now=now, say=lambda *_: None)
    spool.close()
    if found != count:
        raise SystemExit(f"{found} people were read")


def _search(directory: Directory) -> Run:
    """Everything that is read, by the program that everybody has."""
    words = ["ldapsearch", "-x", "-LLL", "-E", "pr=500/noprompt", "-H", directory.encrypted]
    words += ["-D", SERVICE, "-w", SERVICE_PASSWORD]
    people = [*words, "-b", f"ou=people,{BASE}", "(objectClass=person)", *ATTRIBUTES]
    groups = [*words, "-b", f"ou=groups,{BASE}", "(objectClass=groupOfNames)", "member"]
    environment = {"LDAPTLS_CACERT": str(directory.folder / "root.pem")}
    runs = [run_program(each, environment=environment) for each in (people, groups)]
    return Run(sum(each.wall_seconds for each in runs), sum(each.cpu_seconds for each in runs))


def _synchronise(corp: Corp, expected: str) -> None:
    run = corp.sync()
    said = ", ".join(f"{kind}: {count}" for kind, count in run.counts.items())
    if run.state is not SyncState.DONE or said != expected:
        raise SystemExit(f"{run.state}: {said} {run.error}")


def _timed(act: Callable[[], None]) -> Run:
    wall, cpu = time.perf_counter(), time.process_time()
    act()
    return Run(time.perf_counter() - wall, time.process_time() - cpu)


def _entries(count: int) -> Iterator[str]:
    for number in range(count):
        name = f"u{number:05}"
        yield (
            f"\ndn: uid={name},ou=people,{BASE}\nobjectClass: inetOrgPerson\nuid: {name}\n"
            f"cn: Person {number}\nsn: {number}\nmail: {name}@lab.example\n"
        )
    groups = count // 10
    for number in range(groups):
        people = (f"uid=u{(number * 10 + each) % count:05},ou=people" for each in range(MEMBERS))
        within = [f"cn=g{number + 1:05},ou=groups"] if number % DEEP < DEEP - 1 else []
        members = "".join(f"member: {each},{BASE}\n" for each in (*people, *within))
        yield (
            f"\ndn: cn=g{number:05},ou=groups,{BASE}\nobjectClass: groupOfNames\n"
            f"cn: g{number:05}\n{members}"
        )


def _memory_kib(field: str) -> int:
    """Source: proc_pid_status(5)."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))


def _forget_peak() -> None:
    """Source: proc_pid_clear_refs(5)."""
    Path("/proc/self/clear_refs").write_text("5", "utf-8")
