"""The part of the host's sshd_config that lets its own OpenSSH serve the appliance."""

from __future__ import annotations

import os
from pathlib import Path

KEYS = Path(__file__).with_name("keys.sh")

TEMPLATE = """\
# Codara: Git over the host's own OpenSSH. Put this at the end of sshd_config, then reload sshd.
# {python}, {keys}
# and all folders above them must belong to root and be writable by nobody else.
# The account "{account}" runs the appliance. It needs a shell (/bin/sh), and a password that is
# unusable but not locked:
#     usermod --shell /bin/sh --password '*' {account}
Match User {account}
    AuthorizedKeysCommand /bin/sh {keys} {python} {socket} %f %t %k
    AuthorizedKeysCommandUser {account}
    AuthorizedKeysFile none
    AuthenticationMethods publickey
    AcceptEnv GIT_PROTOCOL
    DisableForwarding yes
    PermitTTY no
    PermitUserRC no
    ClientAliveInterval 30
    ClientAliveCountMax 4
"""


def configuration(*, python: Path, socket: Path, account: str) -> str:
    """The lines for sshd_config, with words for the person who puts them there."""
    return TEMPLATE.format(
        python=_quoted(python), keys=_quoted(KEYS), socket=_quoted(socket), account=account
    )


def _quoted(path: Path) -> str:
    """A path as sshd_config reads it back, where "%" begins one of its own tokens."""
    text = os.fspath(path).replace("%", "%%")
    return f'"{text}"' if " " in text else text
