"""The verifier as one file, `codara-audit.pyz`: the same bytes each time it is built."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from functools import cache
from importlib import resources

NAME = "codara-audit.pyz"
SHEBANG = b"#!/usr/bin/env -S python3 -S -E\n"
START = b"import sys\n\nfrom audit.__main__ import main\n\nsys.exit(main())\n"
SPECIFICATION = "SPEC.md"
LONG_AGO = (1980, 1, 1, 0, 0, 0)
PLAIN_FILE = 0o644 << 16
UNIX = 3


@dataclass(frozen=True)
class Verifier:
    """The file."""

    content: bytes
    sha256: str


@cache
def verifier() -> Verifier:
    """The verifier of this release, built once in each process."""
    files = {
        f"audit/{each.name}": each.read_bytes()
        for each in resources.files("audit").iterdir()
        if each.name.endswith(".py") or each.name == SPECIFICATION
    }
    packed = io.BytesIO(SHEBANG)
    packed.seek(0, io.SEEK_END)
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, data in [("__main__.py", START), *sorted(files.items())]:
            member = zipfile.ZipInfo(name, LONG_AGO)
            member.external_attr, member.create_system = PLAIN_FILE, UNIX
            archive.writestr(member, data)
    content = packed.getvalue()
    return Verifier(content, hashlib.sha256(content).hexdigest())
