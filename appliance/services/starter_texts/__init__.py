"""Licences and lists of ignored files that a new repository can begin with; see README.md here."""

from __future__ import annotations

from functools import cache
from pathlib import Path

PLACE = Path(__file__).parent
ENDING = ".txt"


@cache
def licences() -> tuple[str, ...]:
    """The names of all licences, as SPDX spells them."""
    return _names("licences")


@cache
def ignores() -> tuple[str, ...]:
    """The kinds of projects that have a list of ignored files."""
    return _names("ignores")


def licence(name: str, *, year: int, holder: str) -> str:
    """A licence for a holder; `name` is one of `licences()`."""
    text = (PLACE / "licences" / f"{name}{ENDING}").read_text()
    return text.replace("{year}", str(year)).replace("{holder}", holder)


def ignore(name: str) -> str:
    """A list of ignored files; `name` is one of `ignores()`."""
    return (PLACE / "ignores" / f"{name}{ENDING}").read_text()


def _names(kind: str) -> tuple[str, ...]:
    found = (PLACE / kind).glob(f"*{ENDING}")
    return tuple(sorted((file.stem for file in found), key=str.lower))
