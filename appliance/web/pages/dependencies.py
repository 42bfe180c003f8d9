"""What a repository depends on: a part of its Security tab."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from flask_babel import ngettext

from appliance.domain.components import Scope
from appliance.domain.feeds import FeedState
from appliance.errors import ConflictError, InvalidError, sentence
from appliance.services import (
    alert_lists,
    components,
    dependencies,
    dependency_details,
    upgrade_pulls,
    vex_reports,
    vex_statements,
)
from appliance.services.dependencies import DependencyQuery, Knowledge, Order
from appliance.services.dependency_details import Reach
from appliance.web import language, links, requests
from appliance.web import ref_updates as moves
from appliance.web.pages import alert_words, lists
from appliance.web.pages.page_forms import USUAL, after, asked, attempt, listed, signed_in
from appliance.web.pages.repository_frame import Frame, blueprint, opened, show

if TYPE_CHECKING:
    from datetime import datetime

    from appliance.db.unit_of_work import UnitOfWork
    from appliance.services.dependencies import Dependency, Summary
    from appliance.web.pages.page_forms import Found, Problems

pages = blueprint("dependencies")
PLACE = "/<owner>/<name>/security/dependencies"
COLUMNS: lists.Columns = {
    "ecosystem": lambda each: each.ecosystem,
    "name": lambda each: each.name,
    "version": lambda each: each.version,
    "purl": lambda each: each.purl,
    "manifest": lambda each: each.manifest.decode("utf-8", "backslashreplace"),
    "line": lambda each: each.line,
    "scope": lambda each: each.scope,
    "direct": lambda each: "" if each.is_direct is None else each.is_direct,
    "licence": lambda each: each.licence,
    "knowledge": lambda each: each.knowledge,
    "vulnerabilities": lambda each: [one.vulnerability.name for one in each.found],
    "severity": lambda each: next((one.vulnerability.severity for one in each.found), ""),
    "exploited": lambda each: any(one.vulnerability.exploit for one in each.found),
    "fixed": lambda each: next((one.vulnerability.fixed for one in each.found), ""),
}
KNOWLEDGE = {
    Knowledge.VULNERABLE: (lazy("Vulnerable"), "bad", "alert"),
    Knowledge.NONE_KNOWN: (lazy("None known"), "", "check"),
    Knowledge.UNKNOWN: (lazy("Unknown"), "hold", "unknown"),
}
SCOPES = {
    Scope.RUNTIME: lazy("Runtime"),
    Scope.OPTIONAL: lazy("Optional"),
    Scope.DEVELOPMENT: lazy("Development"),
}
HOW = {"yes": lazy("Direct"), "no": lazy("Transitive")}
REACHES = {
    Reach.CALLED: (lazy("Called"), "bad", lazy("What the advisory names is called there.")),
    Reach.IMPORTED: (
        lazy("Imported"),
        "warn",
        lazy("Whether the vulnerable part is called, is not known."),
    ),
    Reach.NOT_IMPORTED: (
        lazy("Not imported"),
        "",
        lazy("No source of the default branch imports it. Other components may still use it."),
    ),
    Reach.UNKNOWN: (lazy("Not known"), "hold", lazy("Known for Python and JavaScript only.")),
}
ORDERS = {Order.RISK: lazy("Risk"), Order.NAME: lazy("Name")}
WHY_UNKNOWN = {
    FeedState.EMPTY: lazy(
        "No feed of advisories is in use, so nothing is known about vulnerabilities."
    ),
    FeedState.STALE: lazy(
        "The feed of advisories is out of date: newer vulnerabilities are not known."
    ),
    FeedState.EXPIRED: lazy(
        "The feed of advisories has expired: nothing may be concluded from it."
    ),
    FeedState.SAMPLE: lazy(
        "The feed of advisories is a sample. It only shows what one looks like."
    ),
}


@pages.get(PLACE)
def listing(owner: str, name: str) -> ResponseReturnValue:
    """Those that the address chooses, the most pressing first."""
    frame = _opened(owner, name)
    path, query, now = frame.repository.path, _query(), requests.now()

    def find(work: UnitOfWork, /, *, after: str | None, limit: int) -> Found[Dependency]:
        return dependencies.listed(work, path, query, now=now, after=after, limit=limit)

    return lists.export(f"{name}-dependencies", find, COLUMNS) or _page(frame, {})


@pages.get(f"{PLACE}/vex")
def download_vex(owner: str, name: str) -> ResponseReturnValue:
    """What was decided, as OpenVEX."""
    with requests.reading() as work:
        found = vex_reports.document(work, f"{owner}/{name}", now=requests.now())
    response = flask.Response(json.dumps(found, indent=2), content_type="application/json")
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}.openvex.json")
    return response


@pages.post(f"{PLACE}/vex")
def upload_vex(owner: str, name: str) -> ResponseReturnValue:
    """Let a document decide about alerts."""
    frame = _opened(owner, name)
    signed_in()

    def do() -> ResponseReturnValue:
        data = _sent("vex", vex_statements.LARGEST_BYTES)
        with requests.begin() as work:
            found = vex_statements.take_in(work, frame.repository.path, data, now=requests.now())
        said = ngettext("%(num)s alert changed.", "%(num)s alerts changed.", len(found.changed))
        return _done(frame, said)

    return attempt(do, lambda problems: _page(frame, problems), at="vex")


@pages.post(f"{PLACE}/bills")
def upload_bill(owner: str, name: str) -> ResponseReturnValue:
    """Take a bill of materials in."""
    frame = _opened(owner, name)
    signed_in()

    def do() -> ResponseReturnValue:
        data, called = (
            _sent("bill", components.LARGEST_BILL_BYTES),
            flask.request.form.get("name", ""),
        )
        with requests.begin() as work:
            components.upload(work, frame.repository.path, called, data, now=requests.now())
        return _done(frame, _("The bill is kept. Its components are being compared."))

    return attempt(do, lambda problems: _page(frame, problems), at="bill")


@pages.post(f"{PLACE}/bills/<bill>/remove")
def remove_bill(owner: str, name: str, bill: str) -> ResponseReturnValue:
    """Compare its components no more."""
    frame = _opened(owner, name)
    signed_in()
    with requests.begin() as work:
        components.remove_uploaded(work, frame.repository.path, bill)
    return _done(frame, _("%(name)s is removed.", name=bill))


@pages.post("/<owner>/<name>/security/<int:number>/upgrade")
def ask_for_upgrade(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Ask for the upgrade that an alert advises, and go to the pull request."""
    frame = _opened(owner, name)
    signed_in()
    home = frame.links.home
    try:
        pull = upgrade_pulls.ask(moves.mover(), frame.repository.path, number)
    except ConflictError as error:
        flask.flash(language.said(error.message), "warn")
        return flask.redirect(f"{home}/security/{number}", 303)
    return flask.redirect(f"{home}/pulls/{pull}", 303)


def _opened(owner: str, name: str) -> Frame:
    """For who may see alerts; all others are told what an unknown name gets."""
    with requests.reading() as work:
        alert_lists.expect(work, f"{owner}/{name}")
    return opened(owner, name)


def _sent(field: str, most_bytes: int) -> bytes:
    file = flask.request.files.get(field)
    if file is None or not file.filename:
        raise InvalidError.of(field, sentence("Choose a file."))
    return file.stream.read(most_bytes + 1)


def _done(frame: Frame, words: str) -> ResponseReturnValue:
    flask.flash(words, "good")
    return flask.redirect(f"{frame.links.home}/security/dependencies", 303)


def _page(frame: Frame, problems: Problems) -> str:
    path, query, now = frame.repository.path, _query(), requests.now()
    with requests.reading() as work:
        found = dependencies.listed(work, path, query, now=now, after=after(), limit=USUAL)
        summary = dependencies.summary(work, path, now=now)
        bills = components.uploaded(work, path)
    return show(
        "security/dependencies.html",
        frame,
        tab_name="security",
        found=listed(found),
        summary=summary,
        bills=bills,
        problems=problems,
        filled=flask.request.form,
        why_unknown=WHY_UNKNOWN.get(summary.standing.state),
        query=query,
        choices=_choices(summary),
        is_usual=query == DependencyQuery(order=query.order),
        knowledge=KNOWLEDGE,
        scopes=SCOPES,
        alert_words=alert_words,
        now=now,
        **lists.tools(),
    )


def context_of(work: UnitOfWork, path: str, number: int, now: datetime) -> dict[str, Any]:
    """What `security/_dependency.html` needs on the page of an alert."""
    return {
        "dependency": dependency_details.show(work, path, number, now=now),
        "reaches": REACHES,
        "scopes": SCOPES,
    }


def _query() -> DependencyQuery:
    """What no choice is called does not count."""
    scope, direct, known = asked("scope"), asked("direct"), asked("knowledge")
    return DependencyQuery(
        search=asked("q")[:255],
        ecosystem=asked("ecosystem")[:64],
        scopes=(Scope(scope),) if scope in tuple(Scope) else (),
        is_direct=direct == "yes" if direct in HOW else None,
        knowledge=Knowledge(known) if known in tuple(Knowledge) else None,
        manifest=asked("manifest")[:4096],
        order=Order.NAME if asked("sort") == Order.NAME else Order.RISK,
    )


def _choices(summary: Summary) -> list[tuple[str, list[tuple[str, str, int, bool]]]]:
    """Menus of the list: their words, and of each choice words, address, count, whether it is."""
    menus = (
        ("knowledge", _("Vulnerabilities"), {key: each[0] for key, each in KNOWLEDGE.items()}),
        ("ecosystem", _("Ecosystem"), {each: each for each in summary.ecosystems}),
        ("scope", _("Scope"), SCOPES),
        ("direct", _("Required"), HOW),
    )
    found = []
    for key, label, said in menus:
        chosen = asked(key)
        rows = [(_("Any"), links.with_query(**{key: None}, cursor=None), 0, not chosen)]
        for word, says in said.items():
            href = links.with_query(**{key: word}, cursor=None)
            number = summary.ecosystems[word] if key == "ecosystem" else 0
            rows.append((str(says), href, number, word == chosen))
        found.append((label, rows))
    order = asked("sort") or Order.RISK
    rows = [
        (str(says), links.with_query(sort=word, cursor=None), 0, word == order)
        for word, says in ORDERS.items()
    ]
    return [*found, (_("Sort by"), rows)]
