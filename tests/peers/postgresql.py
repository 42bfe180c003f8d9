"""A private PostgreSQL on a unix socket: up in about a second, gone with its process.

PostgreSQL refuses to run as root, so root hands it to the account `postgres` or `nobody`.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psycopg

from tests.peers.server import PeerError, find_program, running

# Tests want speed and throw the data away; every one of these would be wrong in earnest.
SPEED = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "64MB",
    "max_connections": "200",
}
COPIES_FILES = 150_000  # The first version that can be told to; see CREATE DATABASE, STRATEGY.


@dataclass(frozen=True)
class PostgresqlServer:
    """A running server. Databases are made by copying a template, in a few milliseconds."""

    socket_folder: Path

    def url(self, database: str) -> str:
        """The SQLAlchemy address of a database."""
        return f"postgresql+psycopg://codara@/{database}?host={self.socket_folder}"

    def create(self, database: str, *, template: str = "template0") -> str:
        """Make a database as a copy of `template`; gives its address."""
        # Many small databases: copying files is cheaper than writing each page to the log.
        self._administer(
            f'CREATE DATABASE "{database}" TEMPLATE "{template}"', newer=" STRATEGY file_copy"
        )
        return self.url(database)

    def drop(self, database: str) -> None:
        """Remove a database, whoever is still connected."""
        self._administer(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def close(self) -> None:
        """Hang up, if anything was said."""
        if "_line" in vars(self):
            self._line.close()

    def _administer(self, statement: str, *, newer: str = "") -> None:
        if self._line.info.server_version >= COPIES_FILES:
            statement += newer
        self._line.execute(statement.encode())

    @cached_property
    def _line(self) -> psycopg.Connection[tuple[object, ...]]:
        # One for all: a line of its own for each statement takes a third of what the copy takes.
        address = f"host={self.socket_folder} user=codara dbname=postgres"
        return psycopg.connect(address, autocommit=True)


@contextmanager
def start_postgresql(*, place: Path | None = None) -> Generator[PostgresqlServer]:
    """Make a cluster in a temporary folder, of `place` if that is given, and serve it there."""
    programs = find_programs()
    account = server_account()
    # Not pytest's folder: that is closed to other accounts, and too long for a socket's name.
    folder = Path(tempfile.mkdtemp(prefix="codara-postgresql-", dir=place))
    try:
        hand_over(folder, account)
        data = folder / "data"
        identity = identity_of(account)
        initdb = [programs / "initdb", "-D", data, "-U", "codara", "-A", "trust", "-E", "UTF8"]
        subprocess.run(
            ["setpriv", *identity, "--", *initdb, "--locale=C", "--no-sync", "--no-instructions"],
            check=True,
            capture_output=True,
            cwd=folder,
        )
        options = {
            **SPEED,
            "listen_addresses": "",
            "unix_socket_directories": str(folder),
            "unix_socket_permissions": "0777",
        }
        settings = [word for item in options.items() for word in ("-c", "=".join(item))]
        with (
            running(
                [programs / "postgres", "-D", data, *settings],
                identity=identity,
                ready="ready to accept connections",
                stop=signal.SIGQUIT,  # At once: nobody will read this cluster again.
                folder=folder,
            ),
            closing(PostgresqlServer(folder)) as server,
        ):
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def find_programs() -> Path:
    """The folder of the newest PostgreSQL here; Debian keeps it off the PATH."""
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda program: int(re.sub(r"\D", "", program.parent.parent.name) or 0),
    )
    return versions[-1].parent if versions else Path(find_program("initdb")).resolve().parent


def server_account() -> pwd.struct_passwd | None:
    """The account to run as: our own, except for root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PeerError("PostgreSQL refuses to run as root, and there is no account postgres or nobody")


def hand_over(folder: Path, account: pwd.struct_passwd | None) -> None:
    """Let the server's account own the folder, and everybody reach the socket in it."""
    folder.chmod(0o711)
    if account is not None:
        os.chown(folder, account.pw_uid, account.pw_gid)


def identity_of(account: pwd.struct_passwd | None) -> list[str]:
    """Words for setpriv(1): as whom the server runs."""
    if account is None:
        return []
    return [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
