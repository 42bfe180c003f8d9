"""Taking a merged pull request back, and bringing it elsewhere; what is in conflict is solved here.

Where commits are made again one after the other, each may have conflicts of its own: what was
decided of those before comes along with the form.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from appliance.errors import MergeConflictError
from appliance.services import git_operations, pull_conflicts
from appliance.services.pull_conflicts import Names, Resolution, Side
from appliance.web import forms, present, requests
from appliance.web import pulls as doors
from appliance.web.pages import pull_conversation, pull_frame
from appliance.web.pages.page_forms import attempt, signed_in
from appliance.web.pages.pull import back
from appliance.web.pages.pull_conflicts import TEXT, decided, has_marks, shown
from appliance.web.pages.pull_frame import ONE, Opened
from appliance.web.pages.repository_frame import blueprint

if TYPE_CHECKING:
    from appliance.git.conflicts import Resolutions

pages = blueprint("pull_copies")

Act = Callable[[Opened, "Resolutions"], int]


class BranchForm(forms.Form):
    """Which branch."""

    into: str = Field("", max_length=300)


@pages.post(f"{ONE}/revert")
def revert(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Ask that it be taken back."""

    def act(pull: Opened, said: Resolutions) -> int:
        return doors.revert(pull.which, said)

    def sides(pull: Opened) -> dict[str, str]:
        branch = present.name_text(pull.facts.target_branch)
        return {"ours": branch, "base": _("As it was merged"), "theirs": _("As it was before")}

    return _made(owner, name, number, act, sides)


@pages.post(f"{ONE}/backport")
def backport(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Ask that it come into another branch, too."""

    def act(pull: Opened, said: Resolutions) -> int:
        return doors.backport(pull.which, BranchForm.parse(flask.request.form).into, said)

    def sides(pull: Opened) -> dict[str, str]:
        del pull
        into = BranchForm.parse(flask.request.form).into
        return {"ours": into, "base": _("As it was before"), "theirs": _("As it was merged")}

    return _made(owner, name, number, act, sides)


def _made(
    owner: str, name: str, number: int, act: Act, sides: Callable[[Opened], dict[str, str]]
) -> ResponseReturnValue:
    """Show the pull request that is made; what is in conflict, or why it is impossible."""
    signed_in()
    pull = pull_frame.read(owner, name, number)

    def do() -> ResponseReturnValue:
        said = [each for each in decided() if not has_marks(each)]
        resolutions = git_operations.resolutions(said, rules=requests.wiring().settings)
        try:
            return back(pull.frame, act(pull, resolutions))
        except MergeConflictError as error:
            return _page(pull, error, sides(pull)), error.http_status

    def again(problems: dict[str, str]) -> str:
        return pull_conversation.page(pull.frame, number, {"": " ".join(problems.values())})

    return attempt(do, again)


def _page(pull: Opened, error: MergeConflictError, sides: dict[str, str]) -> str:
    names = Names(**{side: name.encode() for side, name in sides.items()})
    texts = pull_conflicts.texts_of(pull.found.folder, error.conflicts, names)
    said = {(each.commit, each.path): each for each in decided()}
    lacking = [(each.conflict.commit, each.conflict.path) for each in texts]
    kept = [each for key, each in said.items() if key not in lacking]
    marked = [present.name_text(key[1]) for key in lacking if key in said]
    return pull_frame.show_page(
        "pulls/copy_conflicts.html",
        pull,
        "conversation",
        conflicts=[
            shown(each, at, _sent(said.get(key), at))
            for at, (key, each) in enumerate(zip(lacking, texts, strict=True), start=len(kept))
        ],
        kept=kept,
        sides=sides,
        action=flask.request.path,
        into=flask.request.form.get("into"),
        problems={"": " ".join(_with_marks(path) for path in marked)} if marked else {},
    )


def _with_marks(path: str) -> str:
    return str(_("%(path)s still has marks of a conflict in it.", path=path))


def _sent(said: Resolution | None, at: int) -> dict[str, str]:
    """What was decided of a path and cannot be so, to be changed."""
    if said is None or isinstance(said.take, Side):
        return {}
    return {f"take-{at}": TEXT, f"text-{at}": said.take.decode()}
