"""The files that a pull request changes, with what is said of their lines.

Against the target's side, or against an earlier patch set: then without what came from the target.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import flask
from flask.typing import ResponseReturnValue

from appliance.services import history, patch_set_changes
from appliance.web import links
from appliance.web.pages import diff_context, diff_files, file_list, pull_frame, pull_talk
from appliance.web.pages.diff_sides import Commits
from appliance.web.pages.pull_frame import ONE, Opened
from appliance.web.pages.pull_patch_sets import numbered, state
from appliance.web.pages.pull_talk import View
from appliance.web.pages.repository_frame import blueprint

if TYPE_CHECKING:
    from appliance.git.diff import Diff
    from appliance.git.diff_parse import DiffFile

pages = blueprint("pull_files")


class Chosen(View):
    """The patch set that an address names."""

    @property
    def is_last(self) -> bool:
        """Whether this is all that the pull request changes now."""
        return self.old is None and self.new.number == self.pull.facts.patch_set

    @property
    def commits(self) -> Commits:
        """What pages of a diff are between."""
        old = self.old.head if self.old is not None else self.new.base
        return Commits(self.pull.frame, old, self.new.head)


@pages.get(f"{ONE}/files")
def show_files(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Its files."""
    pull = pull_frame.read(owner, name, number)
    chosen = of_address(pull)
    paths = diff_files.wanted_file()
    if paths and diff_context.is_piece():
        return diff_files.lines(chosen.commits, paths)
    talk = pull_talk.of(chosen)
    if paths:
        file = _one(chosen, paths)
        talk.expect([file] if file is not None else [])
        if diff_files.is_piece():
            return diff_files.piece(chosen.commits, file, talk)
        diff, unmerged = diff_files.shown_alone(chosen.commits, file, talk), frozenset[bytes]()
    else:
        changed, unmerged = _diff(chosen)
        talk.expect(changed.files)
        diff = diff_files.shown(pull.frame, changed, talk)
    return pull_frame.show_page(
        "pulls/files.html",
        pull,
        "files",
        chosen=chosen,
        diff=diff,
        is_part=bool(paths),
        unmerged=sorted(unmerged),
        tree=file_list.tree(diff.files),
        talk=talk,
        with_query=links.with_query,
    )


def of_address(pull: Opened) -> Chosen:
    """What the address says; the last patch set against the target where it says nothing.

    Errors:
        NotFoundError: there is no such patch set.
    """
    asked = flask.request.args
    new = numbered(pull, asked.get("patch_set", pull.facts.patch_set, int))
    old = asked.get("old", 0, int)
    return Chosen(pull, numbered(pull, old) if old else None, new)


def _diff(chosen: Chosen) -> tuple[Diff, frozenset[bytes]]:
    repository, options, new = chosen.pull.frame.repository, diff_files.options(), chosen.new
    if chosen.old is None:
        return history.between(repository, new.base, new.head, options), frozenset()
    found = patch_set_changes.compare(repository, state(chosen.old), state(new), options)
    return found.diff, found.unmerged


def _one(chosen: Chosen, paths: list[bytes]) -> DiffFile | None:
    if chosen.old is None:
        return diff_files.one(chosen.commits, paths)
    repository, options = chosen.pull.frame.repository, diff_files.options()
    states = state(chosen.old), state(chosen.new)
    return patch_set_changes.of_file(repository, *states, paths, options)
