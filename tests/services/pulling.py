"""A repository with branches, a fork of it, and quick ways to ask that they be merged."""

from __future__ import annotations

import subprocess

import sqlalchemy as sa

from appliance.db.outbox import JobRecord
from appliance.db.repositories import Repository
from appliance.domain.conversations import ConversationKind, Which
from appliance.domain.identity import Actor
from appliance.domain.jobs import Job, JobState
from appliance.domain.permissions import Role
from appliance.jobs import tasks
from appliance.jobs.moving import mover
from appliance.services import (
    forks,
    git_operations,
    merge_settings,
    pull_merging,
    pull_opening,
    pulls,
    push_settlement,
    pushes,
    ref_updates,
)
from appliance.services.job_runs import Claimed
from appliance.services.merge_settings import Wanted
from appliance.services.pull_merging import Merging
from appliance.services.pull_opening import NewPull
from appliance.services.ref_updates import Put
from tests.world import NOON

NOTES = "lab/notes"
FORK = "writer/notes"
URL = "https://codara.test/lab/notes"


class Place:
    """One appliance in which people ask for merges. Its state is what has happened there."""

    def __init__(self, world) -> None:
        self.world = world
        world.repository(NOTES)
        for role in ("reader", "triager", "writer", "maintainer", "owner"):
            world.user(role, role=Role(role), on=NOTES)
        world.user("author", role=Role.WRITER, on=NOTES)
        world.user("outsider")
        self.write("maintainer", "main", {"file": "one\ntwo\nthree\n"})

    def write(self, who, branch, files, *, path=NOTES, start=None, message=b"Write\n"):
        """A commit on a branch by the front door's own steps; gives it."""
        actor, world = self.world.actor(who), self.world
        with world.reading(actor) as work:
            plan = ref_updates.plan(work, path, tools=world.wiring.git, now=NOON)
        head = self.head(branch, path=path)
        written = ref_updates.draft_files(
            plan,
            branch.encode(),
            [_change(name, content) for name, content in files.items()],
            message=message,
            expected_head=head,
            start=start if head is None else None,
        )
        self.move(actor, plan, written.ref)
        return written.commit

    def push(self, who, branch, oid, *, path=NOTES):
        """Let a branch be somewhere, whatever it was; None deletes it."""
        actor, world = self.world.actor(who), self.world
        with world.reading(actor) as work:
            plan = ref_updates.plan(work, path, tools=world.wiring.git, now=NOON)
        ref = ref_updates.RefChange(
            b"refs/heads/" + branch.encode(), self.head(branch, path=path), oid
        )
        self.move(actor, plan, ref)

    def move(self, actor: Actor, plan, ref):
        """Put it on record, do it, and settle it."""
        world = self.world
        proposal = ref_updates.propose(plan, ref, rules=world.settings)
        with world.begin(actor) as work:
            assert pushes.accept(work, plan.terms, proposal, now=NOON).is_accepted
        ref_updates.carry_out(plan, ref)
        with world.begin(actor) as work:
            push_settlement.settle_own(work, plan.terms.push_id, moved=True, now=NOON)

    def head(self, branch, *, path=NOTES):
        """Where a branch is."""
        return self.ref(f"refs/heads/{branch}", path=path)

    def ref(self, name, *, path=NOTES):
        """Where a ref is."""
        folder = self.world.folder(self.world._repository(path))
        done = subprocess.run(
            ["git", "rev-parse", "--verify", "--quiet", name],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip() or None

    def git(self, *words: str, path=NOTES):
        """What git says of the repository."""
        folder = self.world.folder(self.world._repository(path))
        done = subprocess.run(
            ["git", *words], cwd=folder, capture_output=True, text=True, check=True
        )
        return done.stdout

    def topic(self, name="topic", files=None, *, who="author", path: str = NOTES):
        """A branch of `main` with one commit; gives it."""
        start = self.head("main", path=path)
        return self.write(who, name, files or {"new": "new\n"}, path=path, start=start)

    def fork(self, who="writer"):
        """A fork of one's own."""
        with self.world.begin(self.world.actor(who)) as work:
            forks.fork(
                work, NOTES, into=FORK, repositories=self.world.wiring.repositories, now=NOON
            )
        return FORK

    def open(self, head="topic", into="", *, who="author", path=NOTES, **new: object):
        """Ask that a branch be merged; gives the number."""
        actor, repositories = self.world.actor(who), self.world.wiring.repositories
        with self.world.reading(actor) as work:
            between = pull_opening.plan(work, path, head, into, repositories=repositories)
        measured = pull_opening.measure(between)
        asked = NewPull(**{"title": "Something new", **new})
        with self.world.begin(actor) as work:
            number = pull_opening.open_pull(work, between, measured, asked, now=NOON)
        pull_opening.keep(between, number, measured)
        return number

    def do(self, who, verb, *arguments: object, **named: object):
        """Whatever a verb does, in somebody's name."""
        with self.world.begin(self.world.actor(who)) as work:
            return verb(work, *arguments, now=NOON, **named)

    def show(self, number=1, *, who="reader", path=NOTES):
        """A pull request as somebody sees it."""
        with self.world.reading(self.world.actor(who)) as work:
            return pulls.show(
                work, which(number, path), repositories=self.world.wiring.repositories
            )

    def facts(self, number=1, *, who="reader"):
        """The same, but for what it shares with issues."""
        return self.show(number, who=who).facts

    def sets(self, number=1):
        """All patch sets."""
        with self.world.reading(self.world.actor("reader")) as work:
            return pulls.patch_sets(work, which(number))

    def run_jobs(self, *kinds: Job):
        """Do what was promised of these kinds, each once."""
        wanted = sa.select(JobRecord).where(
            JobRecord.state == JobState.QUEUED, JobRecord.job.in_(kinds or [Job.FOLLOW_PULLS])
        )
        with self.world.wiring.database._writing() as session, session.begin():
            rows = list(session.scalars(wanted.order_by(JobRecord.id)))
            for row in rows:
                row.state = JobState.DONE
            found = [(row.id, row.job, dict(row.arguments)) for row in rows]
        for job_id, job, arguments in found:
            tasks.do(self.world.wiring, claimed(job_id, job, arguments), lambda *_: None)

    def archive(self, path=NOTES):
        """Let a repository take no changes."""
        with self.world.wiring.database._writing() as session, session.begin():
            session.get_one(Repository, self.world._repository(path).id).archived_at = NOON


def which(number: int = 1, path: str = NOTES) -> Which:
    """A pull request by its number."""
    return Which(path, number, ConversationKind.PULL_REQUEST)


def claimed(job_id, job, arguments):
    """A job as a worker has it."""
    return Claimed(job_id, job, 1, arguments, None, None, is_cancelled=False)


def _change(name, content):
    return Put(name.encode(), content.encode())


def two_commits(world):
    """A pull request of two commits, beside which the target went on."""
    place = Place(world)
    place.topic(files={"new": "new\n"})
    place.write("author", "topic", {"newer": "newer\n"}, message=b"Add more\n")
    place.write("maintainer", "main", {"else": "else\n"})
    place.open(title="Add two files", body="As asked for.")
    return place


def merge(place, who="writer", number=1, said=(), **wanted: object):
    """Merge a pull request as somebody."""
    solved = git_operations.resolutions(said, rules=place.world.settings)
    moving = mover(place.world.wiring, place.world.actor(who))
    return pull_merging.merge(moving, which(number), Merging(**wanted), solved, url=URL)


def configure(place, **wanted: object):
    """Let them be merged otherwise."""
    with place.world.begin(place.world.actor("maintainer")) as work:
        return merge_settings.change(work, NOTES, Wanted(**wanted))
