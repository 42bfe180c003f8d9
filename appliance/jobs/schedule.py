"""The scheduler process: hands promised jobs to the queue, and promises what happens regularly."""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from appliance import garbage, logs, settings, wiring, wiring_heartbeats
from appliance.domain.identity import appliance
from appliance.domain.jobs import Job
from appliance.errors import ApplianceError, ConflictError
from appliance.jobs import (
    hooking,
    mailing,
    notifying,
    pulse,
    sequencing,
    streaming,
    tasks,
    watch,
    witnessing,
)
from appliance.jobs.queue import JobQueue
from appliance.jobs.relay import Relay
from appliance.services import (
    activity_watch,
    alert_expiry,
    auto_merging,
    branch_tidying,
    change_scans,
    file_comparisons,
    impersonation,
    licence_policies,
    mail_queue,
    merge_queue_running,
    mirror_runs,
    oidc_grants,
    proposals,
    provider_syncs,
    push_settlement,
    regular,
    repository_bin,
    review_decisions,
    ruleset_reports,
    saml_refresh,
    secret_rescans,
    suppressions,
    temporary_rights,
    unused_credentials,
    webhook_deliveries,
)
from appliance.services.audit_log import erasure, removal, thinning
from appliance.services.regular import Regular

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork

log = structlog.get_logger()

# How long a promise waits at most when nobody rings: a job's time came, or its ring got lost.
LOOK_SECONDS = 0.2
RECOVER_SECONDS = 5.0
AGENDA_SECONDS = 10.0
BACK_OFF_SECONDS = 1.0
A_DAY = timedelta(days=1)
AT_ONCE = 20


@dataclass(frozen=True)
class Entry:
    """One line of the agenda: when, and what is promised then."""

    regular: Regular
    promise: Callable[..., object]


def _single(name: str, every: timedelta, job: Job) -> Entry:
    return Entry(Regular(name, every), lambda work, _now: regular.promise(work, job))


def _rota(name: str, every: timedelta, job: Job, older_than: timedelta) -> Entry:
    """Some repositories at a time, so that a thousand of them are not done in one night."""
    return Entry(
        Regular(name, every),
        lambda work, now: regular.promise_for_repositories(
            work, job, older_than=older_than, limit=AT_ONCE, now=now
        ),
    )


def _reconcile(work: UnitOfWork, now: datetime) -> None:
    """Only when there is something to settle: nobody needs a thousand empty jobs a day."""
    if push_settlement.unsettled(work, now=now, grace_seconds=tasks.PUSH_GRACE_SECONDS):
        regular.promise(work, Job.RECONCILE_PUSHES)


def _purge(work: UnitOfWork, now: datetime) -> None:
    repository_bin.promise_purges(work, limit=AT_ONCE, now=now)


def _prune_audit_log(work: UnitOfWork, now: datetime) -> None:
    if work.rules.audit.prune or thinning.old(work, now=now):
        regular.promise(work, Job.PRUNE_AUDIT_LOG)


def _go_on_pruning(work: UnitOfWork, _now: datetime) -> None:
    """What waited for witnesses, or was cut off."""
    if removal.unfinished(work) or erasure.is_unfinished(work):
        regular.promise(work, Job.PRUNE_AUDIT_LOG)


def _stamp_logs(work: UnitOfWork, now: datetime) -> None:
    """Only where an authority is named."""
    del now
    if work.rules.witnesses.time_stamp_url:
        regular.promise(work, Job.STAMP_LOGS)


def _synchronise(work: UnitOfWork, now: datetime) -> None:
    provider_syncs.promise_due(work, now=now)


def _merge_what_was_promised(work: UnitOfWork, _now: datetime) -> None:
    auto_merging.promise_all(work)
    merge_queue_running.promise_all(work)


def _bring_mirrors_up_to_date(work: UnitOfWork, now: datetime) -> None:
    mirror_runs.promise_due(work, now=now)


def _delete_merged_branches(work: UnitOfWork, now: datetime) -> None:
    """Some repositories at a time, and only those where a policy says so."""
    branch_tidying.promise_due(work, limit=AT_ONCE, now=now)


def _read_metadata(work: UnitOfWork, now: datetime) -> None:
    """Only where a provider publishes them."""
    del now
    if saml_refresh.is_wanted(work):
        regular.promise(work, Job.READ_METADATA)


def _scan_again(work: UnitOfWork, now: datetime) -> None:
    """Only the scanner knows its rules; where all was looked through with them, it is brief."""
    del now
    if secret_rescans.is_wanted(work):
        regular.promise(work, Job.SCAN_AGAIN)


def _compare_files(work: UnitOfWork, _now: datetime) -> None:
    """What was there before files were compared, or has come by a transfer."""
    if file_comparisons.is_wanted(work):
        regular.promise(work, Job.COMPARE_FILES)


def _end_decisions(work: UnitOfWork, now: datetime) -> None:
    """What counted up to a day that is over: of a repository's file, and of licences."""
    suppressions.promise_ended(work, today=now.date())
    licence_policies.promise_ended(work, today=now.date())


def _scan_changes(work: UnitOfWork, now: datetime) -> None:
    """What was opened before changes were scanned, or while nobody could."""
    del now
    change_scans.promise_missing(work, limit=AT_ONCE)


def _end_dismissals(work: UnitOfWork, now: datetime) -> None:
    if alert_expiry.is_due(work, now=now):
        regular.promise(work, Job.END_DISMISSALS)


def _watch_activity(work: UnitOfWork, _now: datetime) -> None:
    if activity_watch.is_behind(work):
        regular.promise(work, Job.WATCH_ACTIVITY)


def _end_temporary_rights(work: UnitOfWork, now: datetime) -> None:
    """What ends counts no more in any case; this only says so."""
    if temporary_rights.is_due(work, now=now):
        regular.promise(work, Job.END_TEMPORARY_RIGHTS)


def _tend_reviews(work: UnitOfWork, now: datetime) -> None:
    if review_decisions.is_due(work, now=now):
        regular.promise(work, Job.TEND_REVIEWS)


def _ask_again(work: UnitOfWork, now: datetime) -> None:
    if oidc_grants.due(work, now=now):
        regular.promise(work, Job.ASK_PROVIDERS_AGAIN)


def _end_unused(work: UnitOfWork, _now: datetime) -> None:
    """Only where something ends for want of use."""
    if unused_credentials.is_wanted(work):
        regular.promise(work, Job.END_UNUSED)


def _end_impersonations(work: UnitOfWork, now: datetime) -> None:
    impersonation.settle(work, now=now)


def _settle_proposals(work: UnitOfWork, now: datetime) -> None:
    proposals.settle(work, now=now)


def _forget_letters(work: UnitOfWork, now: datetime) -> None:
    mail_queue.forget_old(work, before=now - timedelta(days=work.rules.mail.keep_days))


def _forget_deliveries(work: UnitOfWork, now: datetime) -> None:
    kept = timedelta(days=work.rules.webhooks.keep_days)
    webhook_deliveries.forget_old(work, before=now - kept)


def _forget_findings(work: UnitOfWork, now: datetime) -> None:
    kept = timedelta(days=work.rules.rulesets.keep_findings_days)
    ruleset_reports.forget_old(work, before=now - kept)


AGENDA = (
    Entry(Regular("promised-merges", timedelta(seconds=30)), _merge_what_was_promised),
    Entry(Regular("reconcile-pushes", timedelta(minutes=1)), _reconcile),
    Entry(Regular("synchronise", timedelta(minutes=1)), _synchronise),
    Entry(Regular("mirrors", timedelta(minutes=1)), _bring_mirrors_up_to_date),
    Entry(Regular("end-impersonations", timedelta(minutes=1)), _end_impersonations),
    Entry(Regular("settle-proposals", timedelta(minutes=5)), _settle_proposals),
    Entry(Regular("ask-again", timedelta(minutes=1)), _ask_again),
    Entry(Regular("end-dismissals", timedelta(minutes=1)), _end_dismissals),
    Entry(Regular("watch-activity", timedelta(minutes=1)), _watch_activity),
    Entry(Regular("end-temporary-rights", timedelta(minutes=1)), _end_temporary_rights),
    Entry(Regular("tend-reviews", timedelta(minutes=10)), _tend_reviews),
    Entry(Regular("scan-changes", timedelta(minutes=10)), _scan_changes),
    Entry(Regular("purge", timedelta(minutes=15)), _purge),
    Entry(Regular("merged-branches", timedelta(minutes=15)), _delete_merged_branches),
    Entry(Regular("forget-deliveries", timedelta(minutes=10)), _forget_deliveries),
    Entry(Regular("forget-findings", timedelta(minutes=10)), _forget_findings),
    Entry(Regular("forget-letters", timedelta(hours=1)), _forget_letters),
    Entry(Regular("read-metadata", timedelta(hours=1)), _read_metadata),
    Entry(Regular("scan-again", timedelta(hours=1)), _scan_again),
    Entry(Regular("end-decisions", timedelta(hours=6)), _end_decisions),
    Entry(Regular("compare-files", timedelta(hours=1)), _compare_files),
    Entry(Regular("end-unused", timedelta(hours=6)), _end_unused),
    _single("sweep", timedelta(hours=6), Job.SWEEP),
    Entry(Regular("stamp-logs", A_DAY), _stamp_logs),
    _single("sweep-lfs", A_DAY, Job.SWEEP_LFS),
    Entry(Regular("prune-audit-log", A_DAY), _prune_audit_log),
    Entry(Regular("go-on-pruning", timedelta(minutes=10)), _go_on_pruning),
    _rota("maintain", timedelta(minutes=15), Job.MAINTAIN_REPOSITORY, older_than=A_DAY),
    _rota("check", timedelta(minutes=30), Job.CHECK_REPOSITORY, older_than=timedelta(days=7)),
)


class Scheduler:
    """The scheduler's loop. Its state is when it looked at what last."""

    def __init__(self, objects: wiring.Wiring) -> None:
        self._database = objects.database
        self._relay = Relay(objects, JobQueue(objects.redis))
        self._bell = objects.doorbell.listen()
        self._next: dict[str, float] = {}
        self.is_ending = False

    def run(self) -> None:
        """Look again and again until we are asked to end."""
        while not self.is_ending:
            try:
                self._look()
            except ApplianceError as error:
                log.warning("scheduler.waits", code=error.code, message=str(error))
                self._wait(BACK_OFF_SECONDS)
            self._wait(LOOK_SECONDS)

    def look_at_agenda(self, now: datetime) -> None:
        """Promise what is due."""
        for entry in AGENDA:
            # Another scheduler that does the same for the first time has done it for us.
            with suppress(ConflictError), self._database.begin(appliance()) as work:
                if regular.take_turn(work, entry.regular, now=now):
                    entry.promise(work, now)

    def _look(self) -> None:
        if self._is_time("agenda", AGENDA_SECONDS):
            self.look_at_agenda(datetime.now(UTC))
        if self._is_time("recover", RECOVER_SECONDS):
            self._relay.recover()
        while self._relay.pass_on():
            pass

    def _is_time(self, what: str, every_seconds: float) -> bool:
        present = time.monotonic()
        if present < self._next.get(what, 0.0):
            return False
        self._next[what] = present + every_seconds
        return True

    def _wait(self, seconds: float) -> None:
        """Wait for the bell, and hear all of its rings as one."""
        heard, _, _ = select.select([self._bell], [], [], seconds)
        with suppress(BlockingIOError):
            while heard:
                self._bell.recv(16, socket.MSG_DONTWAIT)


def run(home: Path) -> None:
    """Schedule until we are asked to end."""
    os.environ["CODARA_HOME"] = os.fspath(home)
    present_settings = settings.from_process(home)
    logs.configure(present_settings.telemetry.log_level)
    objects = wiring.build(home, present_settings)
    scheduler = Scheduler(objects)
    garbage.settle()

    def end(*_: object) -> None:
        scheduler.is_ending = True

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    with (
        pulse.beating(objects.redis, "scheduler"),
        watch.watching(objects),
        sequencing.sequencing(objects),
        streaming.streaming(objects),
        hooking.hooking(objects),
        notifying.notifying(objects),
        mailing.mailing(objects),
        witnessing.witnessing(objects),
        wiring_heartbeats.beating(objects.database, objects.logs.signer, beats_always=True),
    ):
        scheduler.run()
