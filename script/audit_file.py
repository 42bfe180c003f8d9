"""Writes the verifier as one file, `codara-audit.pyz`: the same bytes each time it is built.

`python -m script.audit_file build/codara-audit.pyz` writes it, and prints its SHA-256.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from appliance.services.audit_log.verifier import verifier


def build(target: Path) -> str:
    """Write the file; gives its SHA-256."""
    target.parent.mkdir(parents=True, exist_ok=True)
    built = verifier()
    target.write_bytes(built.content)
    target.chmod(0o755)
    return built.sha256


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", type=Path)
    given = parser.parse_args()
    print(f"{build(given.target)}  {given.target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
