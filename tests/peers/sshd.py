"""A private OpenSSH server on a free port of the loopback address."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers.server import find_program, free_port, running


@dataclass(frozen=True)
class SshServer:
    """A running sshd: where it is, and the host key a client may pin."""

    port: int
    host_key: str


@contextmanager
def start_sshd(folder: Path, *lines: str) -> Generator[SshServer]:
    """Serve SSH with `lines` of sshd_config, for the account that runs the tests or for all.

    Root's sshd serves every account; anybody else's serves only their own.
    """
    key = folder / "host_key"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True, capture_output=True
    )
    if os.geteuid() == 0:
        # Where privileges are separated; a service manager would have made it.
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    port = free_port()
    configuration = folder / "sshd_config"
    ours = [f"HostKey {key}", "PidFile none", "UsePAM no", "AuthenticationMethods publickey"]
    configuration.write_text("\n".join([*ours, *lines, ""]), "utf-8")
    command = [find_program("sshd"), "-D", "-e", "-f", configuration]
    listen = ["-o", f"ListenAddress=127.0.0.1:{port}"]
    with running([*command, *listen], ready="Server listening on"):
        kind, body, *_ = key.with_suffix(".pub").read_text("utf-8").split()
        yield SshServer(port, f"{kind} {body}")
