"""Builds the verifier as one file, `codara-audit.pyz`: the same bytes each time it is built.

script/audit-file build/codara-audit.pyz
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import zipfile
from pathlib import Path

AUDIT = Path(__file__).resolve().parent.parent / "audit"
SHEBANG = b"#!/usr/bin/env -S python3 -S -E\n"
START = b"import sys\n\nfrom audit.__main__ import main\n\nsys.exit(main())\n"
LONG_AGO = (1980, 1, 1, 0, 0, 0)
PLAIN_FILE = 0o644 << 16
UNIX = 3


def build(target: Path, source: Path = AUDIT) -> str:
    """Write the file; gives its SHA-256."""
    target.parent.mkdir(parents=True, exist_ok=True)
    files = {f"audit/{each.name}": each.read_bytes() for each in sorted(source.glob("*.py"))}
    files["audit/SPEC.md"] = (source / "SPEC.md").read_bytes()
    with target.open("wb") as opened:
        opened.write(SHEBANG)
        with zipfile.ZipFile(opened, "w", zipfile.ZIP_STORED) as archive:
            for name, data in [("__main__.py", START), *sorted(files.items())]:
                member = zipfile.ZipInfo(name, LONG_AGO)
                member.external_attr, member.create_system = PLAIN_FILE, UNIX
                archive.writestr(member, data)
    target.chmod(0o755)
    return hashlib.sha256(target.read_bytes()).hexdigest()


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", type=Path)
    given = parser.parse_args()
    print(f"{build(given.target)}  {given.target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
