"""The patch sets of a pull request, and what became of its commits from one to another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from appliance.errors import ApplianceError, NotFoundError
from appliance.services import history, patch_set_changes
from appliance.services.patch_set_changes import State
from appliance.web import highlight
from appliance.web.pages import pull_frame
from appliance.web.pages.pull_frame import ONE, Opened
from appliance.web.pages.repository_frame import blueprint

if TYPE_CHECKING:
    from markupsafe import Markup

    from appliance.git.range_diff import Pair
    from appliance.services.pull_facts import PatchSetFacts

pages = blueprint("pull_patch_sets")

OUTER = {"+": "outer-add", "-": "outer-del", "@": "outer-at", " ": ""}


@dataclass(frozen=True)
class Row:
    """A commit of either patch set, and what became of it."""

    pair: Pair
    subject: bytes
    lines: list[tuple[str, str, Markup]]
    """How it is to be drawn, its sign, and what it says."""


@pages.get(f"{ONE}/patch-sets")
def show_patch_sets(owner: str, name: str, number: int) -> ResponseReturnValue:
    """All of them, and two beside each other."""
    pull = pull_frame.read(owner, name, number)
    old, new = _chosen(pull)
    rows, problem = _rows(pull, old, new) if old is not None else ([], "")
    return pull_frame.show_page(
        "pulls/patch_sets.html",
        pull,
        "patch-sets",
        old=old,
        new=new,
        rows=rows,
        problem=problem,
    )


def numbered(pull: Opened, number: int) -> PatchSetFacts:
    """A patch set by its number.

    Errors:
        NotFoundError: there is none of that number.
    """
    found = next((each for each in pull.sets if each.number == number), None)
    if found is None:
        raise NotFoundError(_("There is no patch set %(number)s.", number=number))
    return found


def state(patch_set: PatchSetFacts) -> State:
    """Where a patch set begins and ends."""
    return State(patch_set.base, patch_set.head)


def _chosen(pull: Opened) -> tuple[PatchSetFacts | None, PatchSetFacts]:
    """Which two; the last two, where the address does not say."""
    asked = flask.request.args
    new = numbered(pull, asked.get("new", pull.facts.patch_set, int))
    number = asked.get("old", new.number - 1, int)
    return (numbered(pull, number) if number > 0 else None), new


def _rows(pull: Opened, old: PatchSetFacts, new: PatchSetFacts) -> tuple[list[Row], str]:
    repository = pull.frame.repository
    try:
        pairs = patch_set_changes.commits(repository, state(old), state(new))
    except ApplianceError as error:  # The page still leads to the files that differ.
        return [], str(error)
    known = history.read_many(repository, [pair.new or pair.old or "" for pair in pairs])
    return [_row(pair, known[pair.new or pair.old or ""].subject) for pair in pairs], ""


def _row(pair: Pair, subject: bytes) -> Row:
    lines = [
        (OUTER[each.outer], each.outer, highlight.line([("", highlight.decode(each.content)[0])]))
        for each in pair.changes
    ]
    return Row(pair, subject, lines)
