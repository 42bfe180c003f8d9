"""Lists of 20,000 issues and 2,000 pull requests, a new issue, and an inbox of 5,000 conversations.

What a page asks of its verbs (a page of the list, and how many there are) stands beside the bare
SQL of the same; the whole page stands beside that of a repository with few. On each database.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import count
from uuid import UUID

import sqlalchemy as sa
from flask.testing import FlaskClient

from appliance.domain.issue_query import parse
from appliance.domain.permissions import Role
from appliance.services import conversation_lists
from appliance.services.conversations import NewIssue, open_issue
from tests.world import World

from . import identity_worlds
from .issue_rows import FEW, MANY, WORD, fill, fill_inbox
from .measure import Run, in_turn, measured
from .rows import Row, compared

LARGE, SMALL = "lab/large", "lab/small"
ISSUES, PULLS, NOTIFICATIONS = 20_000, 2_000, 5_000
FEWER_ISSUES, FEWER_PULLS = 900, 150
"""Where there are few there still is a whole page of each: what is compared draws as many rows."""
PAGE = 50
READER, NEWCOMER = "reader", "newcomer"
OK = 200
MOST_OF_SMALL = 2.0
"""A page of many takes at most so many times what one of few takes."""
MOST_OF_SQL, MOST_OF_LITTLE = 5.0, 15.0
"""And its verbs so many times what the database needs: where that has much to do, and where asking
who may, and what belongs to a row, is most of it."""
HERE = "repository_id = :repository AND kind = 'issue'"


@dataclass(frozen=True)
class Case:
    """A search, and as SQL what else must hold of a row."""

    name: str
    text: str
    sql: str = "TRUE"
    order: str = "number DESC"
    skipped: int = 0
    """Rows before the page."""
    bound: float = MOST_OF_LITTLE


OPEN = "state = 'open'"
LABELLED = (
    "id IN (SELECT conversation_id FROM conversation_labels l JOIN labels ON labels.id = l.label_id"
    " WHERE labels.repository_id = :repository AND labels.name_key = 'label-3')"
)
ASSIGNED = (
    "id IN (SELECT conversation_id FROM assignees JOIN users ON users.id = assignees.user_id"
    " WHERE users.name = 'member-3')"
)
SAID = {
    "sqlite": "SELECT rowid FROM said_words WHERE said_words MATCH '\"{}\"*'",
    "postgresql": "SELECT place FROM conversation_texts WHERE said_words_kept @@ "
    "CAST('''{}'':*' AS tsquery)",
}


def cases(dialect: str) -> list[Case]:
    """What people ask of lists."""

    def said(word: str) -> str:
        found = f"place IN ({SAID[dialect].format(word)})"
        return f"id IN (SELECT conversation_id FROM conversation_texts WHERE {found})"  # noqa: S608 - our own words.

    return [
        Case("open ones", "is:open", OPEN),
        Case("with a label", "is:open label:label-3", f"{OPEN} AND {LABELLED}", bound=MOST_OF_SQL),
        Case("of an assignee", "is:open assignee:member-3", f"{OPEN} AND {ASSIGNED}"),
        Case("that say a rare word", "seldom", said("seldom")),
        Case("that say a usual word", WORD, said(WORD), bound=MOST_OF_SQL),
        Case("changed last", "sort:updated-desc", order="updated_at DESC, number DESC"),
        Case("with most said", "sort:comments-desc", order="comment_count DESC, number DESC"),
        Case("page 400", "", skipped=399 * PAGE),
    ]


def run(options: argparse.Namespace) -> list[Row]:
    """All of it, on each database."""
    found = []
    for name, opened in identity_worlds.chosen(options.on).items():
        with opened() as world:
            _filled(world)
            rows = [*_lists(world, options.rounds), *_pages(world, options.rounds)]
            rows += [*_inbox(world, options.rounds), *_opening(world, options.rounds)]
        found += [_named(row, name) for row in rows]
    return found


def _bound(world: World, most: float) -> dict[str, float]:
    """What counts: on SQLite, which works in this process, its processor time; else the wall."""
    return {"cpu" if world.wiring.database.engine.dialect.name == "sqlite" else "wall": most}


def _named(row: Row, name: str) -> Row:
    return Row(**{**row.__dict__, "name": f"{row.name}, {name}"})


def _filled(world: World) -> None:
    chance = random.Random(20)  # noqa: S311 - the same rows in every run.
    world.user(READER)
    for at in range(MANY):
        world.user(f"member-{at}")
    world.user(NEWCOMER)
    for path, issues, pulls in (
        (LARGE, ISSUES, PULLS),
        (SMALL, FEWER_ISSUES, FEWER_PULLS),
    ):
        world.repository(path)
        for name in (READER, NEWCOMER):
            world.grant(name, Role.TRIAGER, path)
        fill(world, path, issues, pulls, chance)
    for at in range(MANY):
        path = f"lab/other-{at}"
        world.repository(path)
        if at % 2:
            world.grant(READER, Role.READER, path)
        fill(world, path, FEW, 0, chance)
    fill_inbox(world, READER, NOTIFICATIONS)
    fill_inbox(world, NEWCOMER, PAGE)
    with world.wiring.database.engine.begin() as connection:
        connection.execute(sa.text("ANALYZE"))


def _lists(world: World, rounds: int) -> Iterator[Row]:
    repository = world._repository(LARGE).id  # noqa: SLF001 - what the tests build theirs with.
    for case in cases(world.wiring.database.engine.dialect.name):
        mine, other = in_turn(
            partial(measured, partial(_listed, world, case)),
            partial(measured, partial(_asked, world, case, repository)),
            rounds=rounds,
        )
        yield from compared(
            f"{ISSUES:,} issues, {case.name}", mine, other, **_bound(world, case.bound)
        )


def _listed(world: World, case: Case) -> None:
    query = parse(case.text)
    after = f"[{ISSUES + PULLS - case.skipped}]" if case.skipped else None
    with world.reading(world.actor(READER)) as work:
        page = conversation_lists.listed(work, LARGE, query, after=after)
        conversation_lists.counted(work, LARGE, query)
    assert page.items  # noqa: S101 - an empty list measures nothing.


def _asked(world: World, case: Case, repository: UUID) -> None:
    found = f"FROM conversations WHERE {HERE} AND {case.sql}"
    order = f"ORDER BY {case.order} LIMIT {PAGE} OFFSET {case.skipped}"
    counts = f"SELECT state, count(*) {found} GROUP BY state".replace(f"{OPEN} AND ", "")
    with world.wiring.database.engine.connect() as connection:
        for text in (f"SELECT * {found} {order}", counts):
            asked = sa.text(text).bindparams(sa.bindparam("repository", type_=sa.Uuid()))
            connection.execute(asked, {"repository": repository}).all()


def _pages(world: World, rounds: int) -> Iterator[Row]:
    browser = world.browser(READER)
    for name, end in (
        ("open issues", "issues"),
        ("a label", "issues?q=is:open+label:label-3"),
        ("an assignee", "issues?q=is:open+assignee:member-3"),
        ("a word", f"issues?q={WORD}"),
        ("open pull requests", "pulls"),
    ):
        mine, other = in_turn(
            partial(measured, partial(_got, browser, f"/{LARGE}/{end}")),
            partial(measured, partial(_got, browser, f"/{SMALL}/{end}")),
            rounds=rounds,
        )
        yield from compared(
            f"page of many beside few, {name}", mine, other, **_bound(world, MOST_OF_SMALL)
        )


def _inbox(world: World, rounds: int) -> Iterator[Row]:
    browser, other = world.browser(READER), world.browser(NEWCOMER)
    mine, theirs = in_turn(
        lambda: measured(lambda: _got(browser, "/inbox/conversations?part=inbox")),
        lambda: measured(lambda: _got(other, "/inbox/conversations?part=inbox")),
        rounds=rounds,
    )
    name = f"inbox of {NOTIFICATIONS:,} conversations beside one of {PAGE}"
    yield from compared(name, mine, theirs, **_bound(world, MOST_OF_SMALL))


def _opening(world: World, rounds: int) -> Iterator[Row]:
    numbers = count()

    def opened(path: str) -> Run:
        new = NewIssue(f"Something {next(numbers)}", "It does not do what it says.")
        return measured(lambda: _open(world, path, new))

    mine, other = in_turn(lambda: opened(LARGE), lambda: opened(SMALL), rounds=rounds)
    yield from compared(
        "a new issue among many beside few", mine, other, **_bound(world, MOST_OF_SMALL)
    )


def _open(world: World, path: str, new: NewIssue) -> None:
    with world.begin(world.actor(READER)) as work:
        open_issue(work, path, new, now=datetime.now(UTC))


def _got(browser: FlaskClient, address: str) -> None:
    answer = browser.get(address)
    assert answer.status_code == OK, f"{address}: {answer.status}"  # noqa: S101 - nothing was measured.
