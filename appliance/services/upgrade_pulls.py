"""A pull request that goes to the version in which a vulnerability is fixed.

There is one branch for each package, whatever the number of manifests and advisories: who asks
again gets a newer commit on it, not a second pull request.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from appliance.access import fetch_alerts
from appliance.db import pull_rows
from appliance.db.alerts import Alert
from appliance.db.pulls import PullRequest
from appliance.domain.alerts import AlertKind, AlertState
from appliance.domain.components import normal_name
from appliance.domain.git_operations import Operation, OperationKind
from appliance.domain.ids import new_id
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, InvalidError, NotFoundError, sentence
from appliance.git import refs, tree_files
from appliance.git.ref_names import BRANCHES
from appliance.scanning import matching, upgrade_edits
from appliance.scanning.manifests import reading
from appliance.scanning.manifests.refusal import LARGEST_BYTES
from appliance.scanning.upgrade_edits import NoEditError
from appliance.services import pull_opening, ref_moving, ref_updates
from appliance.services.pull_opening import NewPull
from appliance.services.ref_updates import Put

if TYPE_CHECKING:
    from collections.abc import Callable

    from appliance.db.repositories import Repository
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.services.ref_moving import Mover
    from appliance.services.ref_updates import Plan

MOST_FILES = 50_000
MOST_NAMES = 10
LONGEST_TITLE = 245
NO_FIX = sentence("No fixed version is known.")
NOT_ON_DEFAULT = sentence("The component is not on the default branch.")


@dataclass(frozen=True)
class Upgrade:
    """What is to be changed, and leave to do it."""

    plan: Plan
    path: str
    into: str
    branches: tuple[bytes, ...]
    """Names to try: one that has an open pull request, else the first that is free."""
    package: str
    to: str
    places: tuple[tuple[bytes, upgrade_edits.Wanted], ...]
    """Manifests with the component; the one that was asked for first."""
    advisories: tuple[str, ...]
    open_pulls: dict[bytes, int]
    """Numbers of those that are open already, by their branch."""


def ask(mover: Mover, path: str, number: int) -> int:
    """Ask for the upgrade of an alert's component; gives the number of the pull request.

    Errors:
        HiddenError, RefusedError: there is no such alert, or they may not push.
        NoEditError: the manifest cannot be changed honestly. ConflictError: there is no fix.
        ProtectedError: a rule forbids the branch.
    """
    with mover.reads() as work:
        upgrade = plan(work, path, number, mover=mover)
    folder = upgrade.plan.terms.folder
    start = refs.one(folder, BRANCHES + upgrade.into.encode()).target
    branch = next(iter(upgrade.open_pulls), None)
    head = None if branch is None else refs.one(folder, BRANCHES + branch).target
    branch = branch or _free(folder, upgrade)
    changes = _changes(folder, head or start, upgrade)
    if changes:
        written = ref_updates.draft_files(
            *(upgrade.plan, branch, changes),
            message=_message(upgrade).encode(),
            expected_head=head,
            start=None if head else start,
        )
        operation = Operation(OperationKind.CHANGE_FILES)
        ref_moving.move(mover, upgrade.plan, written.ref, operation=operation)
    if branch in upgrade.open_pulls:
        return upgrade.open_pulls[branch]
    new = NewPull(_title(upgrade), _message(upgrade).partition("\n\n")[2])
    return pull_opening.ask(mover, path, branch.decode(), upgrade.into, new)


def plan(work: UnitOfWork, path: str, number: int, *, mover: Mover) -> Upgrade:
    """What is to be done about an alert, for who may push.

    Errors:
        HiddenError, RefusedError: there is no such alert, or they may not push.
        ConflictError: it is of no component of the default branch, or no fix is known.
    """
    repository, alert = fetch_alerts.alert(work, path, number, Permission.ALERT_TRIAGE)
    leave = ref_updates.plan(work, path, tools=mover.tools, now=mover.clock())
    said = alert.detail
    if alert.kind is not AlertKind.DEPENDENCY or said.get("branch") != repository.default_branch:
        raise ConflictError(NOT_ON_DEFAULT)
    if not said.get("fixed"):
        raise ConflictError(NO_FIX)
    group = [alert, *(each for each in _open(work, alert) if each.id != alert.id)]
    to = _target(group)
    name = _branch(said["ecosystem"], said["package"])
    branches = [name, *(name + f"-{count}".encode() for count in range(2, MOST_NAMES))]
    return Upgrade(
        plan=leave,
        path=repository.path,
        into=repository.default_branch,
        branches=tuple(branches),
        package=said["package"],
        to=to,
        places=tuple(_places(group, to)),
        advisories=tuple(dict.fromkeys(each.rule for each in group)),
        open_pulls=_pulls(work, repository, branches),
    )


def _pulls(work: UnitOfWork, repository: Repository, branches: Sequence[bytes]) -> dict[bytes, int]:
    """Open pull requests from those branches, by branch."""
    found = {}
    for branch in branches:
        asked = PullRequest(
            id=new_id(),
            repository_id=repository.id,
            target_branch=repository.default_branch.encode(),
            source_repository_id=repository.id,
            source_branch=branch,
        )
        number = pull_rows.same_as(work.session, asked)
        if number is not None:
            found[branch] = number
    return found


def _target(group: Sequence[Alert]) -> str:
    """The latest of the versions that fix one of them; where they have no order, the first's."""
    ecosystem = group[0].detail["ecosystem"]
    fixed = [each.detail["fixed"] for each in group]
    places = [(matching.place_of(ecosystem, each), each) for each in fixed]
    ordered = [(place, each) for place, each in places if place is not None]
    return max(ordered)[1] if len(ordered) == len(places) else str(fixed[0])


def _open(work: UnitOfWork, alert: Alert) -> Sequence[Alert]:
    """Open alerts of the same component in all manifests of the branch."""
    query = sa.select(Alert).where(
        Alert.repository_id == alert.repository_id,
        Alert.kind == AlertKind.DEPENDENCY,
        Alert.state == AlertState.OPEN,
    )
    said = alert.detail
    keys = ("ecosystem", "package", "branch")
    return [
        each
        for each in work.session.scalars(query.order_by(Alert.number))
        if each.detail.get("fixed") and all(each.detail.get(key) == said[key] for key in keys)
    ]


def _places(group: Sequence[Alert], to: str) -> list[tuple[bytes, upgrade_edits.Wanted]]:
    found: dict[tuple[bytes, str], upgrade_edits.Wanted] = {}
    for each in group:
        said = each.detail
        wanted = upgrade_edits.Wanted(
            said["ecosystem"], said["package"], said["version"], to, each.line or 0
        )
        found.setdefault((each.path, said["version"]), wanted)
    return [(path, wanted) for (path, _), wanted in found.items()]


def _branch(ecosystem: str, package: str) -> bytes:
    """A name that git allows, whatever the package is called."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", f"{ecosystem}-{package}").strip("-").lower()
    return f"upgrade/{plain[:150]}".encode()


def _free(folder: Path, upgrade: Upgrade) -> bytes:
    """The first name that no branch has: an earlier one may be merged, and still there."""
    for branch in upgrade.branches:
        try:
            refs.one(folder, BRANCHES + branch)
        except NotFoundError:
            return branch
    raise ConflictError(
        sentence("Too many branches have names like this one already. Delete some of them.")
    )


def _changes(folder: Path, commit: str, upgrade: Upgrade) -> list[Put]:
    """The first place must be changed, or already is; others are where they can be."""
    files = tree_files.wanted(folder, commit, lambda _: True, most=MOST_FILES)
    read = tree_files.contents(folder, files, most_bytes=LARGEST_BYTES)

    def beside(at: str) -> bytes | None:
        asked = posixpath.normpath(at).encode()
        return read(asked) if asked in files else None

    changes: dict[bytes, Put] = {}
    for place, (path, wanted) in enumerate(upgrade.places):
        if path not in files:
            continue
        content = changes[path].content if path in changes else read(path)
        try:
            made = _edited(path, content, wanted, beside)
        except (NoEditError, InvalidError):
            if place == 0:
                raise
            continue
        if made != content:
            changes[path] = Put(path, made, None)
    return list(changes.values())


def _edited(
    path: bytes,
    content: bytes,
    wanted: upgrade_edits.Wanted,
    beside: Callable[[str], bytes | None],
) -> bytes:
    """As the file is now: on the branch of an earlier try the version is another one already."""
    name = normal_name(wanted.ecosystem, wanted.name)
    for each in reading.read(path.decode(), content, beside):
        is_it = (
            each.ecosystem == wanted.ecosystem and normal_name(each.ecosystem, each.name) == name
        )
        if is_it and each.version.removeprefix("v") == wanted.to.removeprefix("v"):
            return content
        if is_it:
            asked = replace(wanted, version=each.version, line=each.line)
            return upgrade_edits.edited(path.decode(), content, asked, beside)
    return content


def _title(upgrade: Upgrade) -> str:
    version = upgrade.places[0][1].version
    return f"Upgrade {upgrade.package} from {version} to {upgrade.to}"[:LONGEST_TITLE]


def _message(upgrade: Upgrade) -> str:
    names = ", ".join(upgrade.advisories)
    return (
        f"{_title(upgrade)}\n\n"
        f"{upgrade.to} is the smallest version that no known advisory affects.\n\n"
        f"Fixes {names}."
    )
