"""What is said of a commit as its page draws it: under the lines of its diff, and below that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

import flask
from markupsafe import Markup

from appliance.domain.pull_requests import Anchor, Side
from appliance.services import commit_labels, commit_talk, labels
from appliance.web import links, requests
from appliance.web.pages import issue_frame, pull_threads
from appliance.web.pages.diff_files import FileTalk

if TYPE_CHECKING:
    from appliance.db.labels import Label
    from appliance.git.diff_parse import DiffFile
    from appliance.services.commit_talk import SaidOfCommit, Spot
    from appliance.web.pages.issue_frame import Texts
    from appliance.web.pages.repository_frame import Frame


@dataclass(frozen=True)
class Place:
    """What a form for a comment is about."""

    spot: Spot
    spelled: str

    @property
    def where(self) -> str:
        """Which lines, in words; nothing for the commit as a whole."""
        return where(self.spot) if self.spot.path else ""

    @property
    def key(self) -> str:
        """Tells it from other forms on a page."""
        spot = self.spot
        return f"{spot.side}-{spot.start_line}-{spot.end_line}-{len(self.spelled)}"


@dataclass
class CommitTalk:
    """What is said of one commit. Its state is which comments stand in the diff."""

    frame: Frame
    commit: str
    said: list[SaidOfCommit]
    texts: Texts
    labels: list[Label]
    choices: list[Label]
    placed: set[UUID] = field(default_factory=set)

    @property
    def here(self) -> str:
        """The page of the commit."""
        return self.frame.links.commit(self.commit)

    @property
    def context(self) -> dict[str, Any]:
        """What the templates need."""
        return {
            "talk": self,
            "here": self.here,
            "me": requests.actor().id,
            "said_words": issue_frame.WORDS,
            "may_discuss": issue_frame.may_discuss(self.frame),
            "may_triage": issue_frame.may_triage(self.frame),
        }

    @property
    def count(self) -> int:
        """How many comments there are to be read."""
        return sum(each.comment.deleted_at is None for each in self.said)

    def of(self, file: DiffFile, number: int) -> FileTalk:  # noqa: ARG002 - as `Talk` says.
        """What is said of one file, and how one says something."""
        paths = {Side.NEW: file.new_path or file.path, Side.OLD: file.old_path or file.path}
        groups: dict[tuple[Side, int | None], list[SaidOfCommit]] = {}
        for each in self.said:
            if each.spot.path and paths[each.spot.side] == each.spot.path:
                groups.setdefault((each.spot.side, each.spot.end_line), []).append(each)
                self.placed.add(each.comment.id)
        drawn = {place: self._drawn(said) for place, said in groups.items()}
        below = {
            ("R" if side is Side.NEW else "L", line): html
            for (side, line), html in drawn.items()
            if line is not None
        }
        above = Markup("").join(html for (_, line), html in drawn.items() if line is None)
        if above:
            above = Markup('<section class="talk">{}</section>').format(above)
        address = f"{self.here}/comments/new{links.query({'path': file.path})}"
        acts = self._macros().file_acts(address)
        return FileTalk(below, above, acts, address)

    def below(self) -> list[SaidOfCommit]:
        """What does not stand in the diff: of the whole, and of what the page does not show."""
        return [each for each in self.said if each.comment.id not in self.placed]

    def _drawn(self, said: Sequence[SaidOfCommit]) -> Markup:
        html: Markup = self._macros().thread(said)
        return html

    def _macros(self) -> Any:
        context = self.context
        context |= {"links": self.frame.links, "repository": self.frame.repository}
        flask.current_app.update_template_context(context)
        template = flask.current_app.jinja_env.get_template("commits/_said.html")
        return template.make_module(context)


def read(frame: Frame, commit: str) -> CommitTalk:
    """All that is said of a commit, and its labels, for who reads it."""
    path = frame.repository.path
    with requests.reading() as work:
        said = commit_talk.everything(work, path, commit)
        texts = issue_frame.texts(work, frame, [each.comment.body for each in said])
        found = commit_labels.of_commits(work, path, [commit]).get(commit, [])
        choices = labels.choices(work, path) if issue_frame.may_triage(frame) else []
    return CommitTalk(frame, commit, said, texts, found, choices)


def where(spot: Spot) -> str:
    """Which lines are meant, in words."""
    return pull_threads.where(Anchor(1, spot.path, spot.side, spot.start_line, spot.end_line))
