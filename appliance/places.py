"""Where the folders are that stand beside the package: in a checkout there, installed inside it."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def beside_package(name: str) -> Path:
    """The folder `migrations` or `config`."""
    installed = PACKAGE / name
    return installed if installed.is_dir() else PACKAGE.parent / name
