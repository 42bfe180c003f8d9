"""Reads what an archive of GitHub, GitLab or Gitea says, which lies unpacked in a folder."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance.access.gate import open_to_everyone
from appliance.domain import archive_gitea, archive_github, archive_gitlab
from appliance.domain.archive_imports import MOST_PARTS
from appliance.domain.brought import Whole
from appliance.errors import InvalidError, TooLargeError, sentence
from appliance.late import Late

NUMBERED = re.compile(r"([a-z_]+)_\d{6}\.json\Z")
NO_ARCHIVE = sentence("That is no archive of GitHub, GitLab or Gitea that we know.")
DAMAGED = (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError, OSError)
if TYPE_CHECKING:
    import yaml
else:
    yaml = Late("yaml")

Rows = dict[str, list[dict[str, Any]]]


@cache
def _plain() -> Any:
    """A loader that knows no aliases: a few lines of them stand for more than any memory holds."""

    class Plain(yaml.SafeLoader):  # type: ignore[misc]  # The library is not typed.
        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                raise yaml.YAMLError("it has aliases")
            return super().compose_node(parent, index)

    return Plain


@open_to_everyone(because="whoever hands an archive in has been asked; it only reads files")
def read(folder: Path, wanted: str = "", *, most_bytes: int = 1 << 50) -> list[Whole]:
    """What an archive holds: of each repository, or of `wanted`, which is OWNER/NAME there.

    Errors:
        InvalidError: it is no archive that we know, or has no such repository.
        TooLargeError: its documents are longer than they may be.
    """
    _insist_on_size(folder, most_bytes)
    try:
        found = _read(folder, wanted)
    except (*DAMAGED, yaml.YAMLError) as error:
        raise InvalidError(
            sentence("The archive is damaged, or of another form: %(why)s.", why=repr(error)[:200])
        ) from error
    if not found:
        raise InvalidError(
            sentence("The archive has no %(name)s.", name=wanted) if wanted else NO_ARCHIVE
        )
    return found


def _insist_on_size(folder: Path, most_bytes: int) -> None:
    documents = (
        each for ending in ("json", "ndjson", "yml") for each in folder.rglob(f"*.{ending}")
    )
    if sum(each.stat().st_size for each in documents if each.is_file()) > most_bytes:
        raise TooLargeError(
            sentence(
                "What the archive says of issues and people is longer than %(most)s bytes.",
                most=most_bytes,
            )
        )


def _read(folder: Path, wanted: str) -> list[Whole]:
    if any(folder.glob("repositories_*.json")):
        archive = archive_github.Archive(_numbered(folder))
        names = archive_github.repositories(archive)
        chosen = {
            each.lower(): each for each in names if not wanted or each.lower() == wanted.lower()
        }
        if len(chosen) > MOST_PARTS:
            raise TooLargeError(sentence("The archive has too many repositories."))
        return [
            _beside(archive_github.read(archive, each), folder / f"repositories/{each}.wiki.git")
            for each in chosen.values()
        ]
    if (folder / "tree" / "project.json").is_file():
        whole = archive_gitlab.read(_lines(folder))
        return [_beside(whole, folder / "project.wiki.bundle", folder / "uploads")]
    dump = next((each.parent for each in sorted(folder.rglob("repo.yml"))), None)
    return [_beside(archive_gitea.read(_yaml(dump)), dump / "wiki")] if dump else []


def _beside(whole: Whole, wiki: Path, uploads: Path | None = None) -> Whole:
    """The same, with what lies beside the documents and does not come along either."""
    files = sum(each.is_file() for each in uploads.rglob("*")) if uploads else 0
    beside = {"wiki": int(wiki.exists()), "attachments": files}
    more = {kind: number for kind, number in beside.items() if number}
    return replace(whole, left_out={**whole.left_out, **more})


def _numbered(folder: Path) -> Rows:
    found: Rows = {}
    for file in sorted(folder.glob("*.json")):
        if name := NUMBERED.match(file.name):
            found.setdefault(name[1], []).extend(json.loads(file.read_bytes()))
    return found


def _lines(folder: Path) -> Rows:
    tree = folder / "tree"
    found: Rows = {"project": [json.loads((tree / "project.json").read_bytes())]}
    for file in sorted((tree / "project").glob("*.ndjson")):
        with file.open("rb") as lines:
            found[file.stem] = [json.loads(line) for line in lines if line.strip()]
    return found


def _yaml(folder: Path) -> Rows:
    found: Rows = {}
    for file in sorted([*folder.glob("*.yml"), *folder.glob("*/*.yml")]):
        name = str(file.relative_to(folder).with_suffix(""))
        content = yaml.load(file.read_bytes(), _plain())  # Safe, and stricter.
        found[name] = content if isinstance(content, list) else [content] if content else []
    return found
