"""Opens archives that other systems made of repositories: folders, tar and zip files.

Only plain files below the archive's own folder are taken out; links and strange names are not.
"""

from __future__ import annotations

import json
import re
import shutil
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any

import yaml

from appliance.domain import archive_gitea, archive_github, archive_gitlab
from appliance.domain.brought import Whole
from appliance.errors import InvalidError

NUMBERED = re.compile(r"([a-z_]+)_\d{6}\.json\Z")
NO_ARCHIVE = "is no archive of GitHub, GitLab or Gitea that we know."
Rows = dict[str, list[dict[str, Any]]]


def unpack(archive: Path, into: Path) -> Path:
    """The folder with an archive's content: itself, or where it was unpacked.

    Errors:
        InvalidError: it is no archive, or a damaged one.
    """
    if archive.is_dir():
        return archive
    try:
        for name, source in _members(archive):
            target = into.joinpath(*_safe(name).parts)
            if source is None:
                target.mkdir(parents=True, exist_ok=True)  # Git knows a repository by its folders.
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as out:
                shutil.copyfileobj(source, out)
    except (OSError, EOFError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise InvalidError(f"{archive} cannot be unpacked: {error}.") from error
    inside = list(into.iterdir())
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else into


def read(folder: Path, wanted: str = "") -> list[Whole]:
    """What an archive holds: of each repository, or of `wanted`, which is OWNER/NAME there.

    Errors:
        InvalidError: it is no archive that we know, or has no such repository.
    """
    try:
        found = _read(folder, wanted)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, yaml.YAMLError) as error:
        raise InvalidError(f"{folder} is damaged, or of another form: {error!r}.") from error
    if not found:
        raise InvalidError(f"{folder} {NO_ARCHIVE}" if not wanted else f"It has no {wanted}.")
    return found


def _read(folder: Path, wanted: str) -> list[Whole]:
    if any(folder.glob("repositories_*.json")):
        documents = _numbered(folder)
        names = archive_github.repositories(documents)
        chosen = [each for each in names if not wanted or each.lower() == wanted.lower()]
        return [archive_github.read(documents, each) for each in chosen]
    if (folder / "tree" / "project.json").is_file():
        return [archive_gitlab.read(_lines(folder))]
    dump = next((each.parent for each in sorted(folder.rglob("repo.yml"))), None)
    return [archive_gitea.read(_yaml(dump))] if dump else []


def _members(archive: Path) -> Iterator[tuple[str, IO[bytes] | None]]:
    """The files of an archive with their content, and its folders with none."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            for each in opened.infolist():
                if each.is_dir():
                    yield each.filename, None
                    continue
                with opened.open(each) as source:
                    yield each.filename, source
        return
    with tarfile.open(archive, "r:*") as packed:
        for member in packed:
            if member.isdir():
                yield member.name, None
            elif content := packed.extractfile(member) if member.isfile() else None:
                yield member.name, content


def _safe(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\0" in name:
        raise InvalidError(f"The archive has a file with a name that leads out of it: {name!r}.")
    return path


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
        content = yaml.safe_load(file.read_bytes())
        found[name] = content if isinstance(content, list) else [content] if content else []
    return found
