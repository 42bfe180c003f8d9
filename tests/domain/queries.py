"""Queries of every shape, a few events, and a naive reading of the one against the other."""

from __future__ import annotations

import ipaddress
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from appliance.domain import audit_query as language
from appliance.domain.audit_query import And, Everything, Not, Or, Query, Term, Words
from appliance.domain.audit_selection import naming_actions
from appliance.domain.audit_terms import Field, period
from appliance.domain.audit_words import words

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NAMES: dict[tuple[Field, str], frozenset[str]] = {
    (Field.ACTOR, "writer"): frozenset({"p_writer"}),
    (Field.ACTOR, "reader"): frozenset({"p_reader"}),
    (Field.REPOSITORY, "lab/notes"): frozenset({"id-notes"}),
    (Field.REPOSITORY, "lab/*"): frozenset({"id-notes", "id-papers"}),
    (Field.ORGANISATION, "lab"): frozenset({"id-lab"}),
    (Field.TEAM, "lab/research"): frozenset({"id-research"}),
    (Field.USER, "writer"): frozenset({"id-writer"}),
    (Field.TOKEN, "robot"): frozenset({"id-token"}),
    (Field.LOG, "instance"): frozenset({"instance"}),
    (Field.LOG, "lab"): frozenset({"id-lab"}),
}


def resolve(field: Field, name: str) -> frozenset[str]:
    """What a name stands for here."""
    return NAMES.get((field, name), frozenset())


@dataclass(frozen=True)
class Event:
    """An event as a search sees it."""

    header: dict[str, Any]
    body: dict[str, Any] = field(default_factory=dict)
    text: tuple[str, ...] = ()
    """What it says, piece by piece."""
    address: str = ""


ACTIONS = (
    *("repo.created", "repo.archived", "git.pushed", "org.member_added", "repo.role_granted"),
    *("user.suspended", "token.created", "access.refused"),
)
TARGETS = ("", "id-notes", "id-papers", "id-lab", "id-research", "id-writer", "id-token")
TEXTS = ("lab/notes", "Free text", "free notes", "an end of text", "Straße", "漢字", "x_y-z")
ADDRESSES = ("", "10.1.2.3", "192.0.2.7", "2001:db8::7", "no address")


def _event(number: int) -> Event:
    chance = random.Random(number)  # noqa: S311 - the same events in every run.
    action = chance.choice(ACTIONS)
    moment = NOW - timedelta(hours=chance.randrange(24 * 60), microseconds=number)
    header = {
        "action": action,
        "actor": {"ref": chance.choice(["p_writer", "p_reader", "p_gone"]), "type": "user"},
        "auth": {
            "method": chance.choice(["session", "token"]),
            "mfa": False,
            "token_ref": chance.choice(["", "id-token"]),
        },
        "b": None,
        "category": action.partition(".")[0],
        "id": f"01990000-0000-7000-8000-{number:012x}",
        "log": chance.choice(["instance", "id-lab"]),
        "outcome": chance.choice(["success", "refused", "failed"]),
        "request_id": f"r{number % 5}",
        "src": {"boot": "b", "n": number + 1, "node": "n"},
        "target": {"ref": chance.choice(TARGETS), "type": "repo"},
        "time": moment.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "v": 1,
    }
    body = {"user_id": "id-writer"} if action == "org.member_added" and number % 2 else {}
    if action == "repo.role_granted":
        body = {"grantee_id": chance.choice(["id-writer", "id-research"])}
    text = tuple(chance.sample(TEXTS, chance.randrange(3)))
    return Event(header, body, text, chance.choice(ADDRESSES))


EVENTS = [_event(number) for number in range(120)]

WORD_LISTS = st.sampled_from(
    [("lab", "notes"), ("free",), ("text",), ("free", "text"), ("strasse",), ("字",), ("never",)]
)
DAYS = st.sampled_from(["2026-10-01", "2026-11-01", "2026-11-19T09:30", "2026-11-20T12:00:00Z"])
TIMES = st.one_of(
    DAYS,
    st.builds(lambda sign, day: sign + day, st.sampled_from([">", ">=", "<", "<="]), DAYS),
    st.builds(lambda first, last: f"{first}..{last}", DAYS | st.just("*"), DAYS | st.just("*")),
    st.sampled_from(["7d", "36h", "4w"]),
)
VALUES: dict[Field, Any] = {
    Field.ACTION: st.sampled_from([*ACTIONS, "repo.*", "repo.a*", "git.*"]),
    Field.CATEGORY: st.sampled_from(["repo", "git", "user"]),
    Field.OUTCOME: st.sampled_from(["success", "refused", "failed"]),
    Field.METHOD: st.sampled_from(["session", "token", "console"]),
    Field.ADDRESS: st.sampled_from(["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "0.0.0.0/0"]),
    Field.REQUEST: st.sampled_from(["r1", "r2", "never"]),
    Field.EVENT: st.sampled_from([each.header["id"] for each in EVENTS]),
    Field.CREATED: TIMES,
    **{
        kind: st.sampled_from([name for each, name in NAMES if each is kind])
        for kind in {kind for kind, _ in NAMES}
    },
}
UNKNOWN = st.sampled_from([Field.ACTOR, Field.USER, Field.ORGANISATION]).map(
    lambda kind: Term(kind, "never")
)
TERMS = st.one_of(
    st.sampled_from(sorted(VALUES)).flatmap(
        lambda kind: VALUES[kind].map(lambda value: Term(kind, value))
    ),
    UNKNOWN,
    st.builds(Words, WORD_LISTS, st.booleans()),
    st.sampled_from(["fr", "no"]).map(lambda begun: Words((begun,), is_prefix=True)),
)
QUERIES = st.just(Everything()) | st.recursive(
    TERMS,
    lambda inner: st.one_of(
        inner.map(language.negated),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: language.both(*parts)),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: language.either(*parts)),
    ),
    max_leaves=8,
)


def fits(query: Query, event: Event, resolve: Any = resolve, now: datetime = NOW) -> bool:
    """Whether an event is what a query asks for, said as plainly as possible."""
    match query:
        case Everything():
            return True
        case Not(part):
            return not fits(part, event, resolve, now)
        case And(parts):
            return all(fits(part, event, resolve, now) for part in parts)
        case Or(parts):
            return any(fits(part, event, resolve, now) for part in parts)
        case Words():
            return _says(query, event)
    return _is(query, event, resolve, now)


def _says(query: Words, event: Event) -> bool:
    return any(_has(words(piece), query) for piece in event.text)


def _has(said: tuple[str, ...], query: Words) -> bool:
    *before, last = query.parts
    for start in range(len(said) - len(before)):
        *there, end = said[start : start + len(query.parts)]
        is_last = end.startswith(last) if query.is_prefix else end == last
        if is_last and there == before:
            return True
    return False


def _is(term: Term, event: Event, resolve: Any, now: datetime) -> bool:
    header, value = event.header, term.value
    names = resolve(term.field, value)
    named = {event.body.get("user_id"), event.body.get("grantee_id")}
    about = header["target"]["ref"]
    facts = {
        Field.ACTOR: lambda: header["actor"]["ref"] in names,
        Field.ACTION: lambda: (
            header["action"].startswith(value[:-1])
            if value.endswith("*")
            else header["action"] == value
        ),
        Field.CATEGORY: lambda: header["category"] == value,
        Field.OUTCOME: lambda: header["outcome"] == value,
        Field.REPOSITORY: lambda: about in names,
        Field.ORGANISATION: lambda: about in names or header["log"] in names,
        Field.TEAM: lambda: about in names or bool(named & names),
        Field.USER: lambda: about in names or bool(named & names),
        Field.TOKEN: lambda: about in names or header["auth"]["token_ref"] in names,
        Field.LOG: lambda: header["log"] in names,
        Field.METHOD: lambda: header["auth"]["method"] == value,
        Field.ADDRESS: lambda: _is_in(event.address, value),
        Field.REQUEST: lambda: header["request_id"] == value,
        Field.EVENT: lambda: header["id"] == value,
        Field.CREATED: lambda: _is_at(header["time"], period(value, now=now)),
    }
    if term.field in {Field.USER, Field.TEAM} and header["action"] not in naming_actions():
        return about in names
    return facts[term.field]()


def _is_in(address: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network)
    except ValueError:
        return False


def _is_at(time: str, wanted: Any) -> bool:
    moment = datetime.fromisoformat(time)
    is_after = wanted.since is None or moment >= wanted.since
    return is_after and (wanted.until is None or moment < wanted.until)
