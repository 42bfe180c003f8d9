"""A commit of which build systems have said all that they can."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from appliance.access import fetch
from appliance.db.pulls import DeletedBranch
from appliance.domain.checks import StatusState
from appliance.domain.identity import Actor
from appliance.domain.permissions import Permission
from appliance.services import check_runs, checks, commit_labels, commit_talk
from appliance.services.commit_talk import Spot
from tests.world import World


def checked(world: World, administrator: Actor, commit: str) -> UUID:
    """What was said of a commit; gives a check run with all that one may have."""
    present = datetime.now(UTC)
    said = check_runs.Changes(
        name="build",
        conclusion=check_runs.Conclusion.FAILURE,
        title="Two tests failed",
        summary="# Two\n\n`x`",
        text="As *said*.",
        artefacts=[{"name": "report.html", "url": "https://ci.test/1", "size_bytes": 4096}],
        annotations=[
            check_runs.NewAnnotation(
                "with space.txt", 1, 2, check_runs.AnnotationLevel.WARNING, "Long", "So", "More."
            )
        ],
    )
    with world.begin(administrator) as work:
        checks.report(
            work, "lab/odd", commit, checks.NewStatus(StatusState.PENDING, "lint"), now=present
        )
        return check_runs.create(work, "lab/odd", commit, said, now=present).run.id


def spoken_of(world: World, administrator: Actor, commit: str) -> UUID:
    """What people say of a commit, and its labels; gives a comment."""
    present = datetime.now(UTC)
    with world.begin(administrator) as work:
        commit_labels.set_all(work, "lab/odd", commit, ["security"], now=present)
        home = fetch.repository(work, "lab/odd", Permission.REPOSITORY_READ)
        told = {"merged_at": present, "deleted_at": present}
        row = DeletedBranch(repository_id=home.id, branch=b"gone", oid=commit, **told)
        work.session.add(row)
        spot = Spot(b"with space.txt", start_line=1, end_line=1)
        commit_talk.add(work, "lab/odd", commit, "Of a line", spot, now=present)
        return commit_talk.add(work, "lab/odd", commit, "**So**, see #1", now=present).comment.id
