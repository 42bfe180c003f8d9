"""`script/clients`: writes what the clients know of every endpoint, where they look for it."""

from __future__ import annotations

import argparse
from pathlib import Path

from script import client_python, client_typescript
from script.client_description import document, read

CLIENTS = Path(__file__).resolve().parent.parent / "clients"


def main() -> None:
    """Write the parts of both clients that are made."""
    parser = argparse.ArgumentParser(prog="script/clients", description=__doc__)
    parser.add_argument(
        "--python", type=Path, default=CLIENTS / "python" / "codara_client" / "api", metavar="DIR"
    )
    parser.add_argument(
        "--typescript", type=Path, default=CLIENTS / "typescript" / "src" / "api", metavar="DIR"
    )
    wanted = parser.parse_args()
    described = read(document())
    write(wanted.python, client_python.files(described))
    write(wanted.typescript, client_typescript.files(described))


def write(folder: Path, files: dict[str, str]) -> None:
    """Put files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
