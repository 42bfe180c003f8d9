"""One function for each kind of job; each calls verbs, as the appliance.

A task may be run twice: after a crash it starts anew, so it looks first at what is done already.
It calls `report` between its steps, outside any transaction, and lets what that raises pass.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol
from uuid import UUID

from appliance.domain.identity import appliance
from appliance.domain.jobs import Job
from appliance.errors import (
    DamagedError,
    HiddenError,
    InvalidError,
    NotFoundError,
    TimeoutExceededError,
    UnavailableError,
)
from appliance.jobs import (
    archives,
    asking_again,
    audit_keeping,
    comparing_files,
    ending_unused,
    feeds,
    following,
    matching_components,
    merge_queues,
    mirroring,
    policy_asking,
    pull_following,
    reading_manifests,
    reading_suppressions,
    reviewing,
    scanning,
    scanning_changes,
    scanning_code,
    sweeping_stashes,
    tidying_branches,
    watching_activity,
)
from appliance.services import (
    alert_expiry,
    files,
    forks,
    history,
    imports,
    job_runs,
    languages,
    lfs_sweep,
    maintenance,
    provided_rights,
    provider_syncs,
    push_settlement,
    repositories,
    repository_bin,
    saml_refresh,
    sessions,
    sync_runs,
    temporary_rights,
)
from appliance.services.audit_log import export_jobs
from appliance.services.job_runs import Claimed
from appliance.wiring import Wiring

PUSH_GRACE_SECONDS = 60.0  # Between the two hooks of a push, git only moves refs.
JOBS_KEPT = timedelta(days=30)
SETTLED_AT_ONCE = 200


class Report(Protocol):
    """Says how far a task is; raises when it is to stop."""

    def __call__(self, step: str, done: int = 0, total: int = 0) -> None:
        """Say what is being done, and how much of how much."""


@dataclass(frozen=True)
class Task:
    """How a kind of job is done, and what is left to say when it has failed for good."""

    do: Callable[[Wiring, Claimed, Report], None]
    give_up: Callable[[Wiring, Claimed, str], None] | None = None


def do(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    """Do a job."""
    TASKS[claimed.job].do(wiring, claimed, report)


def give_up(wiring: Wiring, claimed: Claimed, reason: str) -> None:
    """Put in order what a job leaves behind that will not be tried again."""
    task = TASKS[claimed.job]
    if task.give_up is not None:
        task.give_up(wiring, claimed, reason)


def _import(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    with wiring.database.reading(appliance()) as work:
        plan = imports.plan(work, _repository_id(claimed), sealer=wiring.sealer)
    if plan is None:
        return
    brought = imports.bring(plan, tools=wiring.git, rules=wiring.settings, progress=report)
    with wiring.database.begin(appliance()) as work:
        imports.finish(work, plan, brought, tools=wiring.git, now=datetime.now(UTC))


def _give_up_import(wiring: Wiring, claimed: Claimed, reason: str) -> None:
    with suppress(HiddenError), wiring.database.begin(appliance()) as work:
        imports.give_up(work, _repository_id(claimed), reason=reason)


def _fork(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    with wiring.database.reading(appliance()) as work:
        plan = forks.plan(work, _repository_id(claimed))
    if plan is None:
        return
    report("Copying")
    forks.copy(plan, repositories=wiring.repositories)
    report("Settling")
    with wiring.database.begin(appliance()) as work:
        forks.finish(work, plan, repositories=wiring.repositories, now=datetime.now(UTC))


def _give_up_fork(wiring: Wiring, claimed: Claimed, reason: str) -> None:
    with suppress(HiddenError), wiring.database.begin(appliance()) as work:
        plan = forks.plan(work, _repository_id(claimed))
        if plan is not None:
            forks.give_up(work, plan, reason=reason)


def _purge(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    repository_id = _repository_id(claimed)
    with wiring.database.begin(appliance()) as work:
        is_gone = repository_bin.purge(work, repository_id, now=datetime.now(UTC))
    if is_gone:
        report("Removing the files")
        repository_bin.remove_folder(repository_id, repositories=wiring.repositories)


def _settle_provided_rights(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    provider_id = UUID(claimed.arguments["provider_id"])
    after: UUID | None = None
    done = 0
    while True:
        report("Giving and taking what groups give", done)
        with wiring.database.begin(appliance()) as work:
            after = provided_rights.settle_some(
                work, provider_id, after=after, limit=SETTLED_AT_ONCE, now=datetime.now(UTC)
            )
        if after is None:
            return
        done += SETTLED_AT_ONCE


def _synchronise(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    tools = sync_runs.Tools(
        begins=partial(wiring.database.begin, appliance()),
        reads=partial(wiring.database.reading, appliance()),
        directories=wiring.sign_in.directories,
        sealer=wiring.sealer,
        folder=wiring.home.scratch,
        clock=lambda: datetime.now(UTC),
        report=report,
    )
    sync_runs.carry_out(tools, UUID(claimed.arguments["run_id"]))


def _give_up_synchronising(wiring: Wiring, claimed: Claimed, reason: str) -> None:
    run_id = UUID(claimed.arguments["run_id"])
    with wiring.database.begin(appliance()) as work:
        sync_runs.fail(work, run_id, sync_runs.GIVEN_UP, reason, now=datetime.now(UTC))


def _end_temporary_rights(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    del claimed
    while True:
        report("Recording what has ended")
        with wiring.database.begin(appliance()) as work:
            now = datetime.now(UTC)
            if not temporary_rights.tidy(work, limit=SETTLED_AT_ONCE, now=now):
                return


def _end_dismissals(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    del claimed
    while True:
        report("Reopening alerts")
        with wiring.database.begin(appliance()) as work:
            if not alert_expiry.end_some(work, limit=SETTLED_AT_ONCE, now=datetime.now(UTC)):
                return


def _sweep(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    del claimed
    now = datetime.now(UTC)
    report("Sessions and links")
    with wiring.database.begin(appliance()) as work:
        sessions.sweep(work, now=now)
    report("Jobs")
    with wiring.database.begin(appliance()) as work:
        job_runs.forget(work, before=now - JOBS_KEPT)
    report("Exports of the audit log")
    with wiring.database.begin(appliance()) as work:
        late = export_jobs.sweep(work, now=now)
    for export_id, form in late:
        export_jobs.forget_file(wiring.home.exports, export_id, form)
    with wiring.database.reading(appliance()) as work:
        unfinished = export_jobs.unfinished(work)
    export_jobs.sweep_drafts(wiring.home.exports, unfinished)
    report("Archives of other systems")
    archives.sweep(wiring)
    report("Feeds of advisories")
    feeds.sweep(wiring)
    report("Reports of directories")
    with wiring.database.begin(appliance()) as work:
        provider_syncs.forget(work, now=now)
    report("Folders that no repository claims")
    old = repository_bin.old_folders(repositories=wiring.repositories, now=now)
    with wiring.database.reading(appliance()) as work:
        unclaimed = repository_bin.unclaimed(work, old)
    for repository_id in unclaimed:
        repository_bin.remove_folder(repository_id, repositories=wiring.repositories)
    lfs_sweep.forget_uploads(tools=wiring.git, now=now)


def _measure(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    repository_id = _repository_id(claimed)
    report("Measuring")
    size_bytes = repositories.size_on_disk(repository_id, repositories=wiring.repositories)
    with wiring.database.begin(appliance()) as work:
        repositories.note_size(work, repository_id, size_bytes=size_bytes, now=datetime.now(UTC))
    report("Looking for the last commit of each file")
    with suppress(DamagedError, NotFoundError):
        files.prepare_last_commits(repository_id, repositories=wiring.repositories)
    report("Counting the commits")
    with suppress(DamagedError, NotFoundError, TimeoutExceededError):
        history.prepare_count(repository_id, repositories=wiring.repositories)
    report("Counting the languages")
    with suppress(DamagedError, NotFoundError):
        languages.prepare(repository_id, repositories=wiring.repositories)


def _maintain(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    repository_id = _repository_id(claimed)
    if not _is_due_for_care(wiring, repository_id):
        return
    try:
        sweeping_stashes.sweep(wiring, repository_id)
        for number, step in enumerate(maintenance.STEPS):
            report(step, number, len(maintenance.STEPS))
            maintenance.tidy(repository_id, step, tools=wiring.git, rules=wiring.settings)
    except DamagedError:
        with wiring.database.begin(appliance()) as work:
            maintenance.suspect(work, repository_id, now=datetime.now(UTC))
        return
    with wiring.database.begin(appliance()) as work:
        maintenance.note_maintained(work, repository_id, now=datetime.now(UTC))
    _measure(wiring, claimed, report)


def _check(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    repository_id = _repository_id(claimed)
    if not _is_due_for_care(wiring, repository_id):
        return
    report("Reading every object")
    found = maintenance.examine(repository_id, tools=wiring.git)
    now = datetime.now(UTC)
    with wiring.database.begin(appliance()) as work:
        maintenance.note_checked(work, repository_id, found, now=now)
    report("Comparing the refs with what was recorded")
    with suppress(DamagedError), wiring.database.begin(appliance()) as work:
        drifted = push_settlement.drift(work, repository_id, tools=wiring.git, now=now)
        maintenance.note_drift(work, repository_id, refs=drifted)


def _is_due_for_care(wiring: Wiring, repository_id: UUID) -> bool:
    """Not if the repository went away since the job was promised."""
    with suppress(HiddenError), wiring.database.reading(appliance()) as work:
        return maintenance.is_due_for_care(work, repository_id)
    return False


def _reconcile_pushes(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    del claimed
    now = datetime.now(UTC)
    with wiring.database.reading(appliance()) as work:
        unsettled = push_settlement.unsettled(work, now=now, grace_seconds=PUSH_GRACE_SECONDS)
    for number, push_id in enumerate(unsettled):
        report("Settling pushes", number, len(unsettled))
        # A repository that cannot be read holds up its own pushes only.
        with suppress(DamagedError, HiddenError), wiring.database.begin(appliance()) as work:
            push_settlement.reconcile(work, push_id, tools=wiring.git, now=now)


def _sweep_lfs(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    del claimed
    with wiring.database.reading(appliance()) as work:
        with_large_files = lfs_sweep.repositories(work)
    for number, repository_id in enumerate(with_large_files):
        report("Looking what is reached", number, len(with_large_files))
        with suppress(DamagedError, TimeoutExceededError):
            reached = lfs_sweep.reached(repository_id, tools=wiring.git)
            with wiring.database.begin(appliance()) as work:
                lfs_sweep.mark(work, repository_id, reached, now=datetime.now(UTC))
    with wiring.database.reading(appliance()) as work:
        unlinked = lfs_sweep.unlinked(work)
    for number, oid in enumerate(unlinked):
        report("Removing", number, len(unlinked))
        with wiring.database.begin(appliance()) as work:
            lfs_sweep.remove(work, oid, tools=wiring.git)


def _read_metadata(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    """Every provider by itself: one that cannot be read keeps no other from being read."""
    del claimed
    with wiring.database.reading(appliance()) as work:
        sources = saml_refresh.sources(work, sealer=wiring.sealer)
    problems = []
    for number, source in enumerate(sources):
        report("Reading metadata", number, len(sources))
        try:
            text = source.text()
            with wiring.database.begin(appliance()) as work:
                saml_refresh.take(
                    work, source.provider_id, text, sealer=wiring.sealer, now=datetime.now(UTC)
                )
        except (InvalidError, UnavailableError) as error:
            problems.append(error)
    if problems:
        raise problems[0]


def _repository_id(claimed: Claimed) -> UUID:
    return UUID(claimed.arguments["repository_id"])


TASKS: dict[Job, Task] = {
    Job.IMPORT_REPOSITORY: Task(_import, _give_up_import),
    Job.READ_ARCHIVE: Task(archives.read, archives.give_up),
    Job.BRING_ARCHIVE: Task(archives.bring, archives.give_up),
    Job.READ_FEED: Task(feeds.read, feeds.give_up),
    Job.MATCH_COMPONENTS: Task(matching_components.match),
    Job.READ_MANIFESTS: Task(reading_manifests.read),
    Job.FORK_REPOSITORY: Task(_fork, _give_up_fork),
    Job.PURGE_REPOSITORY: Task(_purge),
    Job.MEASURE_REPOSITORY: Task(_measure),
    Job.DELETE_MERGED_BRANCHES: Task(tidying_branches.tidy),
    Job.FOLLOW_COMMITS: Task(following.follow),
    Job.SYNCHRONISE_MIRROR: Task(mirroring.mirror, mirroring.give_up),
    Job.FOLLOW_PULLS: Task(pull_following.follow),
    Job.RUN_MERGE_QUEUES: Task(merge_queues.run),
    Job.ASK_POLICIES: Task(policy_asking.ask),
    Job.SCAN_PUSH: Task(scanning.push),
    Job.SCAN_HISTORY: Task(scanning.history),
    Job.SCAN_CHANGE: Task(scanning_changes.scan),
    Job.SCAN_CODE: Task(scanning_code.scan),
    Job.READ_SUPPRESSIONS: Task(reading_suppressions.read),
    Job.COMPARE_FILES: Task(comparing_files.compare),
    Job.SCAN_AGAIN: Task(scanning.again),
    Job.MAINTAIN_REPOSITORY: Task(_maintain),
    Job.CHECK_REPOSITORY: Task(_check),
    Job.RECONCILE_PUSHES: Task(_reconcile_pushes),
    Job.SWEEP_LFS: Task(_sweep_lfs),
    Job.EXPORT_AUDIT_LOG: Task(audit_keeping.export, audit_keeping.give_up_export),
    Job.PRUNE_AUDIT_LOG: Task(audit_keeping.prune),
    Job.STAMP_LOGS: Task(audit_keeping.stamp),
    Job.SETTLE_PROVIDED_RIGHTS: Task(_settle_provided_rights),
    Job.ASK_PROVIDERS_AGAIN: Task(asking_again.ask_again),
    Job.SYNCHRONISE: Task(_synchronise, _give_up_synchronising),
    Job.READ_METADATA: Task(_read_metadata),
    Job.END_TEMPORARY_RIGHTS: Task(_end_temporary_rights),
    Job.TEND_REVIEWS: Task(reviewing.tend),
    Job.END_UNUSED: Task(ending_unused.end_unused),
    Job.WATCH_ACTIVITY: Task(watching_activity.watch),
    Job.END_DISMISSALS: Task(_end_dismissals),
    Job.SWEEP: Task(_sweep),
}
