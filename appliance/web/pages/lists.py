"""What every list has: an order in its address, an export of all of it, and acts on several rows.

An export walks through the list with the same verb as the page, so it holds what the page may show
and nothing else. An act on several rows calls the verb of one row for each, in a transaction of its
own: what went wrong is said by name, and what went right stays.
"""

from __future__ import annotations

import csv
import functools
import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from appliance.errors import ApplianceError, ElevationRequiredError, InvalidError, RefusedError
from appliance.services import list_exports
from appliance.web import cookies, language, links, requests
from appliance.web.pages.page_forms import asked, confirmed_first, signed_in
from appliance.web.ref_updates import ProtectedError

if TYPE_CHECKING:
    from flask_babel.speaklater import LazyString

    from appliance.db.unit_of_work import UnitOfWork
    from appliance.web.pages.page_forms import Found

EXPORT_PAGE = 500
MOST_CHOSEN = 200
MOST_NAMED = 1000
"""Rows that are looked through for the names of those chosen."""
LARGEST_FIRST = frozenset(
    {
        *("since", "created", "promised", "pushed", "size", "updated", "deleted", "used"),
        *("ahead", "behind"),
    }
)
"""Columns that people want the largest or latest of first."""
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula at the start of a cell. Source: OWASP, CSV Injection."""
FORMATS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}

Columns = Mapping[str, Callable[[Any], Any]]
"""The columns of an export: what each is called, and its value of an item."""
Names = Callable[["UnitOfWork", list[str]], Mapping[str, str]]
"""What rows are called, by what their checkboxes say."""
Question = Callable[..., ResponseReturnValue]
"""The page that asks before an act: of `act`, `key`, `called` and `back`."""


@dataclass(frozen=True)
class Part:
    """Some items of a list that a page has put together itself, and where the rest begins."""

    items: list[Any]
    next: str | None


class Find(Protocol):
    """Gives a page of a list, and needs no request: it has ended where a file goes on."""

    def __call__(self, work: UnitOfWork, /, *, after: str | None, limit: int) -> Found[Any]:
        """The items after a place."""


# --- the order ---


@dataclass(frozen=True)
class Sorting:
    """By which column a list is sorted, and the addresses that sort it otherwise."""

    by: str
    is_descending: bool

    @property
    def order(self) -> str:
        """As services want it: `name`, or `-name` for the other way round."""
        return f"-{self.by}" if self.is_descending else self.by

    def direction(self, column: str) -> str | None:
        """What `aria-sort` says of a column."""
        if column != self.by:
            return None
        return "descending" if self.is_descending else "ascending"

    def href(self, column: str) -> str:
        """This list sorted by a column; the other way round where it is already."""
        descends = not self.is_descending if column == self.by else column in LARGEST_FIRST
        return links.with_query(sort=f"-{column}" if descends else column, cursor=None)


def sorting(columns: Mapping[str, Any], usual: str) -> Sorting:
    """The order that this page's address asks for; the usual one where it asks for none we know."""
    order = asked("sort")
    if order.removeprefix("-") not in columns:
        order = usual
    return Sorting(order.removeprefix("-"), order.startswith("-"))


def finder(verb: Callable[..., Found[Any]], sorted_by: Sorting, *about: str) -> Find:
    """What this page's address searches for, in an order; `verb` lists it, `about` something."""
    search = asked("q")

    def find(work: UnitOfWork, /, *, after: str | None, limit: int) -> Found[Any]:
        return verb(work, *about, search=search, order=sorted_by.order, after=after, limit=limit)

    return find


def tools(sorted_by: Sorting | None = None) -> dict[str, Any]:
    """What the templates of a list need beside its items."""
    return {
        "sorting": sorted_by,
        "this_list": links.with_query(format=None),
        "as_csv": links.with_query(format="csv", cursor=None),
        "as_json": links.with_query(format="json", cursor=None),
    }


# --- the export ---


def export(name: str, find: Find, columns: Columns) -> flask.Response | None:
    """The whole list as a file, where the address asks for one: `?format=csv` or `json`.

    What is sent after the first page needs no request: it goes on in the name of who asked.

    Errors:
        ApplianceError: as the list itself; the first page is read before the answer begins.
    """
    kind = asked("format")
    if kind not in FORMATS:
        return None
    reading = functools.partial(requests.wiring().database.reading, requests.actor())
    rows = _rows(reading, find, columns)
    first = next(rows, None)
    with requests.begin() as work:
        list_exports.note(
            work,
            page=flask.request.endpoint or name,
            format=kind,
            address=flask.request.full_path,
        )
    write = _as_csv if kind == "csv" else _as_json
    body = write(columns, _with_first(first, rows))
    response = flask.Response(body, content_type=FORMATS[kind])
    day = requests.now().date().isoformat()
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}-{day}.{kind}")
    response.headers["Cache-Control"] = "no-store"
    return response


def _rows(
    reading: Callable[[], AbstractContextManager[UnitOfWork]], find: Find, columns: Columns
) -> Iterator[list[Any]]:
    """Every row, a page at a time, each in a reading transaction of its own."""
    place: str | None = None
    while True:
        with reading() as work:
            found = find(work, after=place, limit=EXPORT_PAGE)
            rows = [[value(item) for value in columns.values()] for item in found.items]
        yield from rows
        if found.next is None:
            return
        place = found.next


def _with_first(first: list[Any] | None, rest: Iterator[list[Any]]) -> Iterator[list[Any]]:
    if first is not None:
        yield first
        yield from rest


def _as_csv(columns: Columns, rows: Iterator[list[Any]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([harmless(_plain(value)) for value in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _as_json(columns: Columns, rows: Iterator[list[Any]]) -> Iterator[str]:
    separator = "[\n"
    for row in rows:
        item = dict(zip(columns, map(_plain, row), strict=True))
        yield separator + json.dumps(item, ensure_ascii=False)
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def harmless(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: an apostrophe stands before what could be."""
    if isinstance(value, str) and value.startswith(STARTS_A_FORMULA):
        return f"'{value}"
    return value


def _plain(value: Any) -> Any:
    """A value as files write it: times in RFC 3339, several values in one cell."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return value if value is None or isinstance(value, int | bool) else str(value)


# --- acts on several rows ---


@dataclass(frozen=True)
class Act:
    """What can be done with several rows at once."""

    label: LazyString
    """On its button."""
    do: Callable[[UnitOfWork, str], object]
    """The verb of one row, which is given as its checkbox says it."""
    consequence: LazyString | None = None
    """What happens; an act that has one asks before it is done."""
    asks_for_password: bool = True
    """Before that question, as its verb would after it."""

    def carry_out(self, key: str) -> None:
        """Do it to one row, in a transaction of its own."""
        with requests.begin() as work:
            self.do(work, key)


@dataclass(frozen=True)
class ActInSteps:
    """The same of a verb that has transactions of its own: git moves something between them."""

    label: LazyString
    carry_out: Callable[[str], object]
    consequence: LazyString | None = None
    asks_for_password: bool = False


def id_of(key: str) -> UUID:
    """The id that a checkbox says.

    Errors:
        InvalidError: it says none.
    """
    try:
        return UUID(key)
    except ValueError as error:
        raise InvalidError.of("chosen", "Select something in the list first.") from error


def act_on_several(
    acts: Mapping[str, Act] | Mapping[str, ActInSteps],
    *,
    back: str,
    names: Names | None = None,
    question: Question | None = None,
) -> ResponseReturnValue:
    """Do what a list's form asks for, after a question where it destroys something.

    `names` says what the chosen rows are called, where their checkboxes say ids; `question` is
    the page that asks, where `lists/confirm.html` does not say enough.
    """
    signed_in()
    form = flask.request.form
    target = cookies.own_path(form.get("back"), back)
    act = acts.get(form.get("act", ""))
    chosen = list(dict.fromkeys(form.getlist("chosen")))[:MOST_CHOSEN]
    if act is None or not chosen:
        flask.flash(_("Select something in the list first."), "warn")
        return flask.redirect(target, 303)
    called = _called(chosen, names)
    if act.consequence is not None and form.get("confirmed") != "yes":
        if act.asks_for_password:
            confirmed_first()
        ask = question or functools.partial(flask.render_template, "lists/confirm.html")
        return ask(act=act, key=form["act"], called=called, back=target)
    _tell(act, *_each(act, called))
    return flask.redirect(target, 303)


def _called(chosen: list[str], names: Names | None) -> dict[str, str]:
    if names is None:
        return {each: each for each in chosen}
    with requests.reading() as work:
        known = names(work, chosen)
    return {each: known.get(each, each) for each in chosen}


def _each(
    act: Act | ActInSteps, called: Mapping[str, str]
) -> tuple[list[str], list[tuple[str, str]]]:
    """Do it to one after the other; gives what was done, and what was not and why.

    Errors:
        RefusedError, ElevationRequiredError: not even the first was allowed.
    """
    done: list[str] = []
    failed: list[tuple[str, str]] = []
    for key, name in called.items():
        try:
            act.carry_out(key)
        except ElevationRequiredError:
            raise
        except ProtectedError as error:  # Of this one, whatever holds for the others.
            failed.append((name, language.said(error.message)))
        except ApplianceError as error:
            if isinstance(error, RefusedError) and not done and not failed:
                raise  # Who may not do it to the first may not do it at all, as a rule.
            failed.append((name, language.said(error.message)))
        else:
            done.append(name)
    return done, failed


def _tell(act: Act | ActInSteps, done: list[str], failed: list[tuple[str, str]]) -> None:
    if done:
        said = ngettext(
            "%(act)s: done with %(num)s (%(names)s).",
            "%(act)s: done with %(num)s (%(names)s).",
            len(done),
            act=act.label,
            names=", ".join(done),
        )
        flask.flash(said, "good")
    for name, why in failed:
        flask.flash(_("%(name)s: not done. %(why)s", name=name, why=why), "bad")
