"""The conflicts of a pull request, file by file: both sides and the base, to be solved here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from appliance.domain import conflict_marks
from appliance.errors import InvalidError
from appliance.services import git_operations, pull_conflicts
from appliance.services.pull_conflicts import Resolution, Side
from appliance.services.pull_updates import Update
from appliance.web import links, present, requests
from appliance.web import pulls as doors
from appliance.web.pages import issue_frame, pull_frame
from appliance.web.pages.page_forms import Problems, attempt, signed_in
from appliance.web.pages.pull_frame import ONE, Opened
from appliance.web.pages.pull_threads import lines_of
from appliance.web.pages.repository_frame import blueprint

if TYPE_CHECKING:
    from appliance.git.conflict_texts import ConflictText

pages = blueprint("pull_conflicts")

TEXT = "text"
SIDES = ("ours", "base", "theirs")
MOST = 1000
MARKS = tuple(sign * 7 + b" " for sign in (b"<", b"|", b">"))


@dataclass(frozen=True)
class Shown:
    """One path that is not decided, as the page shows it."""

    path: bytes
    spelled: str
    kind: str
    sides: list[tuple[str, list[Markup] | None, bool, frozenset[int]]]
    """Of the source, the base and the target: lines, if they can be shown; whether it is there;
    and which of the lines are in conflict.
    """
    commit: str
    """Which of several commits could not be made again; empty where there are not several."""
    draft: str | None
    taken: str
    """What was chosen, or is the usual choice."""


@pages.get(f"{ONE}/conflicts")
def show_conflicts(owner: str, name: str, number: int) -> ResponseReturnValue:
    """What does not go together."""
    return _page(pull_frame.read(owner, name, number), {})


@pages.post(f"{ONE}/conflicts")
def solve(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Bring the target into the source, as was decided."""
    signed_in()
    pull = pull_frame.read(owner, name, number)

    def do() -> ResponseReturnValue:
        as_seen = Update(head=issue_frame.said("head"), target=issue_frame.said("target"))
        rules = requests.wiring().settings
        doors.update(pull.which, as_seen, git_operations.resolutions(_without_marks(), rules=rules))
        flask.flash(_("The conflicts are solved, by a commit on the source branch."), "good")
        return flask.redirect(pull.here, 303)

    return attempt(do, lambda problems: _page(pull, problems))


def _page(pull: Opened, problems: Problems) -> str:
    found = pull_conflicts.read(pull.found.folder, pull.facts)
    sent = flask.request.form
    is_same = (sent.get("head"), sent.get("target")) == (pull.facts.head, found.target)
    texts = sent if is_same else {}  # What was said of other files does not answer these.
    return pull_frame.show_page(
        "pulls/conflicts.html",
        pull,
        "conversation",
        target=found.target,
        conflicts=[shown(each, at, texts) for at, each in enumerate(found.conflicts)],
        problems={"": " ".join(problems.values())} if problems else {},
        may_solve=pull.found.may_write_source,
    )


def shown(text: ConflictText, at: int, sent: Mapping[str, str]) -> Shown:
    """A path that is not decided, with what was sent of it before."""
    conflict, path = text.conflict, text.conflict.path
    versions = (
        (text.ours, conflict.ours),
        (text.base, conflict.base),
        (text.theirs, conflict.theirs),
    )
    ranges = conflict_marks.ranges(text.draft or b"", [content for content, _leaf in versions])
    draft = text.draft.decode("utf-8") if text.draft is not None and _is_text(text.draft) else None
    return Shown(
        path,
        present.path_url(path),
        conflict.kind.value,
        [
            (
                side,
                None if content is None else lines_of(content, path),
                leaf is not None,
                frozenset().union(*marked),
            )
            for side, (content, leaf), marked in zip(SIDES, versions, ranges, strict=True)
        ],
        conflict.commit or "",
        sent.get(f"text-{at}", draft) if draft is not None else None,
        sent.get(f"take-{at}", TEXT if draft is not None else ""),
    )


def _is_text(content: bytes) -> bool:
    """Whether a field of a form gives the same bytes back."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\r" not in content.replace(b"\r\n", b"\n")


def decided() -> list[Resolution]:
    """What the form says of each path."""
    sent, said = flask.request.form, []
    for at in range(MOST):
        spelled = sent.get(f"path-{at}")
        if spelled is None:
            break
        path, take = links.from_field(spelled), sent.get(f"take-{at}", "")
        commit = sent.get(f"commit-{at}") or None
        if take == TEXT:
            # Lines end as browsers never send them.
            text = sent.get(f"text-{at}", "").replace("\r\n", "\n")
            said.append(Resolution(path, text.encode(), commit))
        elif take in {each.value for each in Side}:
            said.append(Resolution(path, Side(take), commit))
    return said


def has_marks(said: Resolution) -> bool:
    """Whether what is to be in a file has marks of the conflict in it still."""
    take = said.take
    return isinstance(take, bytes) and any(line.startswith(MARKS) for line in take.split(b"\n"))


def _without_marks() -> list[Resolution]:
    said = decided()
    for each in said:
        if has_marks(each):
            path = present.name_text(each.path)
            raise InvalidError.of(
                "text", _("%(path)s still has marks of a conflict in it.", path=path)
            )
    return said
