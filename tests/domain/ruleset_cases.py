"""Changes and the rules that they keep or break, for the tests of the judge."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from appliance.domain.alerts import AlertKind, Confidence, Lane, Severity
from appliance.domain.checks import Report
from appliance.domain.feeds import FeedState
from appliance.domain.merge_facts import CheckOutcome, MergeFacts, OwnedFact, ReviewFact
from appliance.domain.permissions import Role
from appliance.domain.policies import Moment, Policy, PolicyFinding
from appliance.domain.protection import Movement
from appliance.domain.ruleset_alerts import ChangeAlerts, NewAlert
from appliance.domain.ruleset_facts import ActorFacts, ChangeFacts, CommitFacts, Contents, FileFacts
from appliance.domain.ruleset_words import Layer, Rule, RuleKind, Subject, SubjectKind
from appliance.domain.rulesets import Ruleset

K, M = RuleKind, Movement
MAIN = b"refs/heads/main"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)  # A Friday.
AUTHOR, REVIEWER, OTHER, TEAM = (UUID(int=number) for number in (1, 2, 3, 9))
WRITERS = Subject(SubjectKind.ROLE, role=Role.WRITER)
MAINTAINERS = Subject(SubjectKind.ROLE, role=Role.MAINTAINER)
WRITER = ActorFacts(user_id=AUTHOR, role=Role.WRITER, addresses=frozenset({"author@codara.test"}))


def ruleset(*rules: Rule, **fields: Any) -> Ruleset:
    usual = {"name": "Trunk", "layer": Layer.REPOSITORY, "includes": ("refs/heads/*",)}
    return Ruleset(**{**usual, "rules": rules, "id": UUID(int=7), **fields})


def commit(message: str = "Mend it.", author: str = "author@codara.test", parents: int = 1):
    return CommitFacts("c" * 40, message, author, parents)


def contents(*commits: CommitFacts, files: tuple[FileFacts, ...] = (), **more: Any) -> Contents:
    return Contents(commits or (commit(),), files, **more)


def file(path: str, size_bytes: int | None = 10) -> FileFacts:
    return FileFacts(path.encode(), "c" * 40, size_bytes)


def facts(movement: Movement = M.FAST_FORWARD, **fields: Any) -> ChangeFacts:
    usual = {"actor": WRITER, "contents": contents()}
    return ChangeFacts(MAIN, movement, NOON, **{**usual, **fields})


def merge(*reviews: ReviewFact, **fields: Any) -> ChangeFacts:
    usual = {"head_oid": "d" * 40, "author_id": AUTHOR, "last_pusher_id": AUTHOR}
    return facts(merge=MergeFacts(**{**usual, "reviews": reviews, **fields}))


def yes(who: UUID, **fields: Any) -> ReviewFact:
    return ReviewFact(who, approves=True, **fields)


def said(who: UUID | None, outcome: CheckOutcome = CheckOutcome.PASSED) -> Report:
    return Report("build", who, outcome)


def marked(path: str, policy: Policy = Policy.CONFLICT_MARKERS, **fields: Any) -> ChangeFacts:
    found = PolicyFinding(policy, path.encode(), 3)
    return facts(contents=contents(findings=(found,)), **fields)


def no(who: UUID, **fields: Any) -> ReviewFact:
    return ReviewFact(who, approves=False, **fields)


OWNED = OwnedFact("*.sql", ("@reviewer",), frozenset({REVIEWER}), (b"a.sql",))
OF_AUTHOR = replace(OWNED, owners=("@author",), owner_ids=frozenset({AUTHOR}))
TWO = Rule(K.PULL_REQUEST, approvals=2)
ONE = Rule(K.PULL_REQUEST, approvals=1)
CI = Rule(K.REQUIRED_CHECKS, checks=("build", "test"), up_to_date=True)
BY_REVIEWER = Rule(
    K.REQUIRED_CHECKS, checks=("build",), reporters=(Subject(SubjectKind.USER, REVIEWER),)
)
PASSED = {"build": CheckOutcome.PASSED, "test": CheckOutcome.PASSED}
MESSAGE = Rule(K.COMMIT_MESSAGE, patterns=(r"^(feat|fix): ",))
NO_WIP = Rule(K.COMMIT_MESSAGE, patterns=(r"(?i)^wip\b",), forbidden=True)
COMPANY = Rule(K.AUTHOR_ADDRESS, patterns=("*@codara.test",))
CLEAN = Rule(K.POLICIES, policies=frozenset({Policy.CONFLICT_MARKERS}), exempt=("/vendor/",))
AFTERWARDS = replace(CLEAN, moments=frozenset({Moment.POST_COMMIT}))
QUEUE = Rule(K.MERGE_QUEUE)
FROZEN = Rule(K.FREEZE, windows=("Fri 10:00/Mon 06:00",))


BAD = NewAlert(
    *(AlertKind.DEPENDENCY, Severity.HIGH, Confidence.HIGH, Lane.REVIEW, "left-pad 1.2", "go.mod:3")
)
ALERTS = Rule(K.ALERTS, kinds=frozenset({AlertKind.DEPENDENCY}))
WORST = replace(ALERTS, severities=frozenset({Severity.CRITICAL}))
SURE = replace(ALERTS, confidences=frozenset({Confidence.HIGH}))
BLOCKING = replace(ALERTS, lanes=frozenset({Lane.BLOCK}))


def alerts(*new: NewAlert, **fields: Any) -> ChangeFacts:
    usual = {"looked_at": {AlertKind.DEPENDENCY: 0}, "feed": FeedState.FRESH}
    return merge(alerts=ChangeAlerts(**{**usual, "new": new, **fields}))


ALERT_CASES: list[tuple[Rule, ChangeFacts, str | None]] = [
    (ALERTS, facts(), None),
    (ALERTS, merge(), "Not scanned yet: dependency"),
    (ALERTS, alerts(), None),
    (ALERTS, alerts(BAD), "would bring alerts: 1"),
    (ALERTS, alerts(BAD), "high go.mod:3: left-pad 1.2"),
    (ALERTS, alerts(replace(BAD, number=7)), "left-pad 1.2 (#7)"),
    (ALERTS, alerts(*[BAD] * 7), "+2"),
    (ALERTS, alerts(replace(BAD, kind=AlertKind.CODE)), None),
    (WORST, alerts(BAD), None),
    (WORST, alerts(replace(BAD, severity=Severity.CRITICAL)), "critical go.mod:3"),
    (WORST, alerts(replace(BAD, severity=Severity.UNKNOWN)), "unknown go.mod:3"),
    (SURE, alerts(replace(BAD, confidence=Confidence.LOW)), None),
    (BLOCKING, alerts(BAD), None),
    (BLOCKING, alerts(replace(BAD, lane=Lane.BLOCK)), "would bring"),
    (replace(WORST, exploited=True), alerts(replace(BAD, is_exploited=True)), "would bring"),
    (replace(ALERTS, exploited=True), alerts(exploited=2), "that attackers use: 2"),
    (ALERTS, alerts(exploited=2), None),
    (replace(ALERTS, overdue=True), alerts(overdue={AlertKind.DEPENDENCY: 3}), "due date: 3"),
    (replace(ALERTS, overdue=True), alerts(overdue={AlertKind.CODE: 3}), None),
    (ALERTS, alerts(overdue={AlertKind.DEPENDENCY: 3}), None),
    (ALERTS, alerts(looked_at={AlertKind.DEPENDENCY: 4}), "4 could not be looked at"),
    (ALERTS, alerts(feed=FeedState.EMPTY), "no advisories here"),
    (ALERTS, alerts(feed=FeedState.EXPIRED), "have expired"),
    (ALERTS, alerts(feed=FeedState.STALE), "are old"),
    (ALERTS, alerts(feed=FeedState.SAMPLE), "only a sample"),
    (replace(ALERTS, most_feed_days=2), alerts(feed_days=3), "3 days old"),
    (replace(ALERTS, most_feed_days=3), alerts(feed_days=3), None),
]


CASES: list[tuple[Rule, ChangeFacts, str | None]] = [
    (Rule(K.CREATION), facts(M.CREATE), "you may not create it"),
    (Rule(K.CREATION), facts(), None),
    (Rule(K.CREATION, allowed=(WRITERS,)), facts(M.CREATE), None),
    (Rule(K.CREATION, allowed=(Subject(SubjectKind.USER, AUTHOR),)), facts(M.CREATE), None),
    (
        Rule(K.CREATION, allowed=(Subject(SubjectKind.TEAM, TEAM),)),
        facts(M.CREATE),
        "you may not create",
    ),
    (Rule(K.UPDATE), facts(), "nobody may push"),
    (Rule(K.UPDATE), merge(), None),
    (Rule(K.UPDATE, allowed=(MAINTAINERS,)), facts(), "only a maintainer"),
    (Rule(K.UPDATE, allowed=(MAINTAINERS,)), merge(), "only a maintainer"),
    (Rule(K.UPDATE, allowed=(WRITERS,)), facts(), None),
    (
        Rule(K.UPDATE, allowed=(Subject(SubjectKind.TEAM, TEAM), MAINTAINERS)),
        facts(actor=replace(WRITER, team_ids=frozenset({TEAM}))),
        None,
    ),
    (
        Rule(K.UPDATE, allowed=(Subject(SubjectKind.TEAM, TEAM), MAINTAINERS)),
        facts(),
        "listed in the rule",
    ),
    (Rule(K.DELETION), facts(M.DELETE), "may not be deleted"),
    (Rule(K.DELETION), facts(M.FORCE), None),
    (Rule(K.DELETION, allowed=(WRITERS,)), facts(M.DELETE), None),
    (Rule(K.NON_FAST_FORWARD), facts(M.FORCE), "rewritten"),
    (Rule(K.NON_FAST_FORWARD), facts(), None),
    (Rule(K.REF_NAME, patterns=("feature/*", "main")), facts(M.CREATE), None),
    (Rule(K.REF_NAME, patterns=("feature/*",)), facts(M.CREATE), "does not match"),
    (Rule(K.REF_NAME, patterns=("feature/*",)), facts(), None),
    (Rule(K.REF_NAME, patterns=("ma*",), forbidden=True), facts(M.CREATE), "is not allowed"),
    (Rule(K.LINEAR_HISTORY), facts(contents=contents(commit(parents=2))), "linear"),
    (Rule(K.LINEAR_HISTORY), facts(), None),
    (Rule(K.LINEAR_HISTORY), facts(contents=Contents(is_too_much=True)), "in parts"),
    (Rule(K.SIGNED_COMMITS), facts(lacking=("It is not signed.",)), "not signed"),
    (Rule(K.SIGNED_COMMITS), facts(), None),
    (Rule(K.SIGNED_PUSH), facts(unsigned=("Sign it.",)), "Sign"),
    (Rule(K.SIGNED_PUSH), facts(), None),
    (ONE, facts(), "must be made through a pull request"),
    (ONE, facts(M.FORCE), "must be made through a pull request"),
    (ONE, facts(M.DELETE), None),
    (ONE, facts(M.CREATE), "must be made through a pull request"),
    (ONE, facts(M.CREATE, contents=Contents()), None),
    (ONE, facts(M.FAST_FORWARD, contents=Contents()), "must be made through a pull request"),
    (ONE, merge(yes(REVIEWER)), None),
    (ONE, merge(), "Required approvals: 0 of 1"),
    (TWO, merge(yes(REVIEWER)), "Required approvals: 1 of 2"),
    (TWO, merge(yes(REVIEWER), yes(OTHER)), None),
    (ONE, merge(yes(AUTHOR)), "approvals: 0 of 1"),
    (ONE, merge(yes(REVIEWER, may_write=False)), "approvals: 0 of 1"),
    (ONE, merge(yes(REVIEWER, is_current=False)), None),
    (replace(ONE, dismiss_stale=True), merge(yes(REVIEWER, is_current=False)), "approvals: 0 of 1"),
    (ONE, merge(yes(REVIEWER), last_pusher_id=REVIEWER), None),
    (
        replace(ONE, not_last_pusher=True),
        merge(yes(REVIEWER), last_pusher_id=REVIEWER),
        "approvals: 0 of 1",
    ),
    (ONE, merge(yes(REVIEWER), no(OTHER)), "Reviewers requesting changes"),
    (ONE, merge(yes(REVIEWER), no(OTHER, may_write=False)), None),
    (replace(ONE, code_owners=True), merge(yes(REVIEWER), owned=(OWNED,)), None),
    (replace(ONE, code_owners=True), merge(yes(OTHER), owned=(OWNED,)), "one of @reviewer"),
    (replace(ONE, code_owners=True), merge(yes(OTHER), owned=(OF_AUTHOR,)), "leaves nobody"),
    (ONE, merge(yes(OTHER), owned=(OWNED,)), None),
    (replace(ONE, reviewers=(Subject(SubjectKind.TEAM, TEAM),)), merge(yes(REVIEWER)), "teams or"),
    (
        replace(ONE, reviewers=(Subject(SubjectKind.TEAM, TEAM),)),
        merge(yes(REVIEWER, team_ids=frozenset({TEAM}))),
        None,
    ),
    (replace(ONE, resolved_threads=True), merge(yes(REVIEWER), open_threads=2), "Unresolved"),
    (replace(ONE, resolved_threads=True), merge(yes(REVIEWER)), None),
    (Rule(K.SENSITIVE_FILES), merge(yes(REVIEWER), paths=(b"CODEOWNERS",)), "approvals: 1 of 2"),
    (Rule(K.SENSITIVE_FILES), merge(yes(REVIEWER), paths=(b"docs/CODEOWNERS",)), "more approvals"),
    (
        Rule(K.SENSITIVE_FILES),
        merge(yes(REVIEWER), paths=(b".github/workflows/a.yml",)),
        "approvals: 1 of 2",
    ),
    (Rule(K.SENSITIVE_FILES), merge(yes(REVIEWER), yes(OTHER), paths=(b"CODEOWNERS",)), None),
    (
        Rule(K.SENSITIVE_FILES),
        merge(yes(REVIEWER), yes(OTHER, is_current=False), paths=(b"CODEOWNERS",)),
        "approvals: 1 of 2",
    ),
    (Rule(K.SENSITIVE_FILES), merge(paths=(b"a.py",)), None),
    (
        Rule(K.SENSITIVE_FILES),
        facts(contents=contents(files=(file("CODEOWNERS"),))),
        "must be made through a pull request",
    ),
    (Rule(K.SENSITIVE_FILES), facts(contents=contents(files=(file("a.py"),))), None),
    (
        Rule(K.SENSITIVE_FILES, patterns=("/infra/",)),
        merge(yes(REVIEWER), paths=(b"infra/a/b.tf",)),
        "approvals: 1 of 2",
    ),
    (CI, merge(checks=PASSED), None),
    (CI, merge(checks={**PASSED, "test": CheckOutcome.FAILED}), "failed: test"),
    (CI, merge(checks={"build": CheckOutcome.PENDING}), "not passed yet: build, test"),
    (CI, merge(checks=PASSED, is_up_to_date=False), "out of date"),
    (CI, facts(), "not passed yet"),
    (CI, facts(checks=PASSED), None),
    (BY_REVIEWER, merge(reports=(said(OTHER),), checks=PASSED), "not passed yet: build"),
    (BY_REVIEWER, merge(reports=(said(None),), checks=PASSED), "not passed yet: build"),
    (BY_REVIEWER, merge(reports=(said(OTHER, CheckOutcome.FAILED), said(REVIEWER))), None),
    (
        BY_REVIEWER,
        merge(reports=(said(REVIEWER, CheckOutcome.FAILED), said(REVIEWER))),
        "failed: build",
    ),
    (BY_REVIEWER, facts(reports=(said(OTHER),), checks=PASSED), "not passed yet"),
    (BY_REVIEWER, facts(reports=(said(REVIEWER),)), None),
    (
        replace(BY_REVIEWER, reporters=(Subject(SubjectKind.USER),)),
        facts(reports=(said(None),)),
        "yet",
    ),
    (CI, facts(M.DELETE), None),
    (CI, facts(M.CREATE, contents=Contents()), None),
    (MESSAGE, facts(), "does not match a required pattern"),
    (MESSAGE, facts(contents=contents(commit("fix: it"))), None),
    (
        MESSAGE,
        facts(contents=contents(commit("fix: it"), commit("x"))),
        "does not match a required pattern",
    ),
    (MESSAGE, facts(contents=None), None),
    (NO_WIP, facts(contents=contents(commit("WIP"))), "matches a forbidden"),
    (NO_WIP, facts(), None),
    (COMPANY, facts(), None),
    (COMPANY, facts(contents=contents(commit(author="author@else.test"))), "author@else.test"),
    (replace(COMPANY, forbidden=True), facts(), "the rule does not allow"),
    (Rule(K.VERIFIED_AUTHOR), facts(), None),
    (
        Rule(K.VERIFIED_AUTHOR),
        facts(contents=contents(commit(author="reviewer@codara.test"))),
        "not one of your verified addresses",
    ),
    (
        Rule(K.VERIFIED_AUTHOR),
        replace(
            merge(addresses=frozenset({"reviewer@codara.test"})),
            contents=contents(commit(author="reviewer@codara.test")),
        ),
        None,
    ),
    (QUEUE, facts(), "accepts only changes that its merge queue has tested"),
    (QUEUE, merge(), "merge queue"),
    (QUEUE, merge(by_queue=True), None),
    (QUEUE, facts(M.DELETE), None),
    (QUEUE, facts(M.CREATE, contents=Contents()), None),
    (QUEUE, facts(M.CREATE), "merge queue"),
    (Rule(K.TICKET_REFERENCE), facts(), "mentions no ticket"),
    (Rule(K.TICKET_REFERENCE), facts(contents=contents(commit("AB-12: it"))), None),
    (Rule(K.TICKET_REFERENCE), facts(contents=contents(commit("Mends #3"))), None),
    (Rule(K.TICKET_REFERENCE), merge(title="Mend #3"), None),
    (Rule(K.TICKET_REFERENCE), merge(description="See AB-12."), None),
    (Rule(K.TICKET_REFERENCE), merge(title="Mend it"), "mentions no ticket"),
    (Rule(K.TICKET_REFERENCE, patterns=("T[0-9]+",)), merge(title="T1"), None),
    (
        Rule(K.FILE_PATHS, patterns=("/vendor/",)),
        facts(contents=contents(files=(file("vendor/a.c"),))),
        "vendor/a.c may not be changed",
    ),
    (
        Rule(K.FILE_PATHS, patterns=("/vendor/",)),
        facts(contents=contents(files=(file("vendor/a.c", None),))),
        "may not be changed",
    ),
    (
        Rule(K.FILE_PATHS, patterns=("/vendor/",)),
        facts(contents=contents(files=(file("src/vendor/a.c"),))),
        None,
    ),
    (
        Rule(K.FILE_EXTENSIONS, patterns=("*.exe", "dll")),
        facts(contents=contents(files=(file("a.EXE"),))),
        "file extension",
    ),
    (
        Rule(K.FILE_EXTENSIONS, patterns=("exe",)),
        facts(contents=contents(files=(file("a.exe", None), file("exe")))),
        None,
    ),
    (
        Rule(K.FILE_SIZE, most_bytes=2048),
        facts(contents=contents(files=(file("a", 2049),))),
        "larger than 2 KiB",
    ),
    (Rule(K.FILE_SIZE, most_bytes=2048), facts(contents=contents(files=(file("a", 2048),))), None),
    (Rule(K.FILE_SIZE, most_bytes=9), facts(contents=Contents(is_too_much=True)), "in parts"),
    (CLEAN, marked("a.py"), "a.py has conflict markers in line 3"),
    (CLEAN, marked("a.py", moment=Moment.PRE_COMMIT), "markers"),
    (CLEAN, marked("a.py", moment=Moment.POST_COMMIT), None),
    (CLEAN, marked("vendor/a.py"), None),
    (CLEAN, marked("a.py", Policy.PRIVATE_KEYS), None),
    (CLEAN, facts(contents=Contents(is_too_much=True)), "in parts"),
    (CLEAN, facts(contents=None), None),
    (AFTERWARDS, marked("a.py", moment=Moment.POST_COMMIT), "markers"),
    (AFTERWARDS, marked("a.py"), None),
    (FROZEN, facts(), "frozen until 2026-11-23 06:00"),
    (FROZEN, merge(), "frozen"),
    (FROZEN, facts(M.DELETE), "frozen"),
    (replace(FROZEN, windows=("Sat 00:00/Mon 06:00",)), facts(), None),
    *ALERT_CASES,
]
