"""A commit of which build systems have said all that they can, and an archive half brought in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch
from appliance.db.activity import ActivityAlert
from appliance.db.archive_imports import ArchiveImport, ArchiveImportPart
from appliance.db.pulls import DeletedBranch
from appliance.db.push_protection import PushBlock, SecretBypass
from appliance.db.repositories import Repository
from appliance.domain.activity import ActivityRule
from appliance.domain.archive_imports import ArchiveSource, ImportState, PartState
from appliance.domain.checks import StatusState
from appliance.domain.identity import Actor
from appliance.domain.ids import new_id
from appliance.domain.permissions import Permission
from appliance.domain.push_protection import BypassReason, BypassState
from appliance.services import activity_alerts, check_runs, checks, commit_labels, commit_talk
from appliance.services.commit_talk import Spot
from tests import wikis
from tests.alerting import SECRET, find
from tests.world import World


def checked(world: World, administrator: Actor, commit: str) -> UUID:
    """What was said of a commit; gives a check run with all that one may have."""
    find(world, "lab/odd", [SECRET])
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


def half_brought(world: World, administrator: Actor) -> dict[str, UUID]:
    """An archive whose second repository did not come in."""
    holds = {"conversations": 4, "pull_requests": 3, "labels": 1, "milestones": 1}
    row = ArchiveImport(
        id=new_id(),
        asked_by=administrator.id,
        owner_id=administrator.id,
        source=ArchiveSource.UPLOAD,
        file_name="archive.tar.gz",
        form="github",
        state=ImportState.FAILED,
        people=[
            {"there": "octocat", "addresses": ["o@lab.example"], "user": "writer", "found": "email"}
        ],
        created_at=datetime.now(UTC),
    )
    report = {"brought": 4, "comments": 3, "reviews": 2, "line_comments": 4, "unplaced": 1}
    parts = [
        ArchiveImportPart(
            import_id=row.id,
            position=place,
            there=f"octo/notes-{place}",
            name=f"notes-{place}",
            state=state,
            holds={**holds, "left_out": {"reactions": 1}},
            report=report if state is PartState.DONE else {},
            error="" if state is PartState.DONE else "It cannot be read.",
        )
        for place, state in enumerate((PartState.DONE, PartState.FAILED))
    ]
    world.add(row)
    world.add(*parts)
    return {"import_id": row.id}


def written(world: World) -> str:
    """A wiki with pages around pages; gives the commit that wrote them."""
    return wikis.give(
        world,
        "lab/odd",
        {
            "Home": "# Hi\n\n[[How to build]], `x`[^1]\n\n[^1]: So.\n",
            "How-to-build": "## First\n",
            "_Sidebar": "# Around\n\n* [[Home]]\n",
            "_Footer": "The end.\n",
        },
    )


def written_and_stopped(world: World) -> dict[str, object]:
    """A wiki, and a secret that stopped a push."""
    return {"wiki_oid": written(world), "block_id": stopped(world), "alert_id": unusual(world)}


def unusual(world: World) -> UUID:
    """Suspicious activity that somebody looked into, and an exemption; gives the alert."""
    present, alert_id = datetime.now(UTC), new_id()
    world.add(
        ActivityAlert(
            id=alert_id,
            rule=ActivityRule.MASS_CLONE,
            log=str(world._organisation("lab").id),
            actor_ref=world.actor("writer").pseudonym,
            since=present,
            at=present,
            count=40,
            usual=30,
            events=[str(new_id())],
            created_at=present,
        )
    )
    with world.begin(world.actor("administrator")) as work:
        activity_alerts.comment(work, alert_id, "Asked them.", now=present)
        rule = ActivityRule.ODD_HOURS
        activity_alerts.exempt(work, "lab", "writer", rule, "Builds at night", now=present)
    return alert_id


def stopped(world: World) -> UUID:
    """A secret that stopped a push, with a bypass that was requested; gives its id."""
    present, block_id = datetime.now(UTC), new_id()
    repository = world.one(sa.select(Repository).where(Repository.name == "odd"))
    world.add(
        PushBlock(
            id=block_id,
            repository_id=repository.id,
            actor_ref="p_writer",
            actor_label="writer",
            identity="5b" * 32,
            rule="github-token-classic",
            title="GitHub personal access token (classic)",
            cure="Revoke it.",
            severity="critical",
            preview="ghp_…kL",
            kind="blob",
            path="src/settings.py",
            line=2,
            commit_id="",
            times=1,
            first_at=present,
            last_at=present,
        )
    )
    world.add(
        SecretBypass(
            block_id=block_id,
            state=BypassState.PENDING,
            reason=BypassReason.FIX_LATER,
            comment="It ends tonight.",
            requested_at=present,
            expires_at=present + timedelta(days=7),
            decision_comment="",
        )
    )
    return block_id
