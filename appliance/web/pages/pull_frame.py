"""What all pages of pull requests share: reading one, its head with its tabs, and its words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask_babel import lazy_gettext as _

from appliance.domain.conversations import ConversationKind, Which
from appliance.domain.git_operations import MergeMethod
from appliance.domain.pull_requests import MergeState, Verdict
from appliance.errors import ApplianceError
from appliance.services import history, pulls
from appliance.services.history import Wanted
from appliance.web import requests
from appliance.web.pages import issue_frame
from appliance.web.pages.repository_frame import Frame, opened, show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from appliance.services.pull_facts import PatchSetFacts, PullFacts
    from appliance.services.pulls import PullRequest

ONE = "/<owner>/<name>/pulls/<int:number>"
COMMITS = 250
"""Most commits of a pull request that are shown, or counted one by one."""
SECONDS = 5.0

STATES = {
    "open": (_("Open"), "good", "pull"),
    "draft": (_("Draft"), "", "pull"),
    "merged": (_("Merged"), "hold", "merge"),
    "closed": (_("Closed"), "bad", "pull"),
}
METHODS = {
    MergeMethod.MERGE: (_("Merge commit"), _("All commits are added with a merge commit.")),
    MergeMethod.SQUASH: (_("Squash"), _("All commits are combined into one.")),
    MergeMethod.REBASE: (
        _("Rebase"),
        _("The commits are rebased onto the target, without a merge commit."),
    ),
    MergeMethod.FAST_FORWARD: (
        _("Fast-forward"),
        _("The target is moved forward to the same commits, or nothing happens."),
    ),
    MergeMethod.SEMI_LINEAR: (
        _("Rebase, then merge"),
        _("The commits are rebased, and added with a merge commit."),
    ),
}
VERDICTS = {
    Verdict.APPROVE: (_("Approve"), "good", "check"),
    Verdict.REQUEST_CHANGES: (_("Request changes"), "bad", "alert"),
    Verdict.COMMENT: (_("Comment"), "", "comment"),
}
GIVEN = {
    Verdict.APPROVE: _("Approved"),
    Verdict.REQUEST_CHANGES: _("Changes requested"),
    Verdict.COMMENT: _("Comment"),
}
"""The same, once somebody has said so."""
MERGE_STATES = {
    MergeState.UNKNOWN: _("It is being found out whether this goes together with its target."),
    MergeState.CLEAN: _("No conflicts with the target branch."),
    MergeState.CONFLICTS: _("Both sides have changed the same lines."),
    MergeState.NOTHING: _("The target has all of this already."),
    MergeState.TOO_LARGE: _("This is more than is merged here. Merge it with git and push."),
}
WORDS = {
    "STATES": STATES,
    "METHODS": METHODS,
    "VERDICTS": VERDICTS,
    "GIVEN": GIVEN,
    "MERGE_STATES": MERGE_STATES,
}


@dataclass(frozen=True)
class Opened:
    """A pull request that somebody looks at."""

    frame: Frame
    which: Which
    found: PullRequest
    sets: list[PatchSetFacts]

    @property
    def facts(self) -> PullFacts:
        """What is only so of pull requests."""
        return self.found.facts

    @property
    def here(self) -> str:
        """Where its pages are."""
        return f"{self.frame.links.home}/pulls/{self.which.number}"

    @property
    def state(self) -> str:
        """One word for how it stands."""
        return state_of(self.facts, is_open=self.found.described.conversation.is_open)


def which(frame: Frame, number: int) -> Which:
    """The pull request of an address."""
    return Which(frame.repository.path, number, ConversationKind.PULL_REQUEST)


def read(owner: str, name: str, number: int) -> Opened:
    """The pull request of an address, for somebody who may read it.

    Errors:
        HiddenError, NotFoundError: there is none, or none for this actor.
    """
    return of(opened(owner, name), number)


def of(frame: Frame, number: int) -> Opened:
    """The same, where its repository is open already."""
    wanted = which(frame, number)
    with requests.reading() as work:
        found = pulls.show(work, wanted, repositories=requests.wiring().repositories)
        sets = pulls.patch_sets(work, wanted)
    return Opened(frame, wanted, found, sets)


def state_of(facts: PullFacts, *, is_open: bool) -> str:
    """One word for how a pull request stands."""
    if facts.merged is not None:
        return "merged"
    if not is_open:
        return "closed"
    return "draft" if facts.is_draft else "open"


def steps(pull: Opened) -> Sequence[Any]:
    """Its commits, the newest first; as many as are shown."""
    page = history.page(
        pull.frame.repository,
        pull.facts.head,
        Wanted(without=pull.facts.base),
        limit=COMMITS,
        seconds=SECONDS,
    )
    return page.steps


def show_page(template: str, pull: Opened, part: str, /, **context: Any) -> str:
    """One page of a pull request; `part` is the tab that it is."""
    return show(template, pull.frame, **context_of(pull), part=part, **context)


def context_of(pull: Opened) -> dict[str, Any]:
    """What the head of each page of a pull request needs."""
    return {
        **issue_frame.about(pull.frame),
        "tab_name": "pulls",
        "issues_at": f"{pull.frame.links.home}/pulls",
        "pull": pull,
        "found": pull.found.described,
        "issue": pull.found.described.conversation,
        "facts": pull.facts,
        "sets": pull.sets,
        "here": pull.here,
        "state": pull.state,
        "counts": _counts(pull),
        "pull_words": WORDS,
        "me": requests.actor().id,
    }


def _counts(pull: Opened) -> dict[str, int | None]:
    """How many commits there are; None where that cannot be found out quickly."""
    try:
        found = history.divergence(pull.frame.repository, pull.facts.base, [pull.facts.head])[0]
    except ApplianceError:  # The page itself says what is wrong.
        found = None
    return {"commits": found.ahead if found else None}
