"""What a repository depends on: a part of its Security tab."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy

from appliance.domain.components import Scope
from appliance.domain.feeds import FeedState
from appliance.services import alert_lists, dependencies, dependency_details
from appliance.services.dependencies import DependencyQuery, Knowledge, Order
from appliance.services.dependency_details import Reach
from appliance.web import links, requests
from appliance.web.pages import alert_words, lists
from appliance.web.pages.page_forms import USUAL, after, asked, listed
from appliance.web.pages.repository_frame import blueprint, opened, show

if TYPE_CHECKING:
    from datetime import datetime

    from appliance.db.unit_of_work import UnitOfWork
    from appliance.services.dependencies import Dependency, Summary
    from appliance.web.pages.page_forms import Found

pages = blueprint("dependencies")
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


@pages.get("/<owner>/<name>/security/dependencies")
def listing(owner: str, name: str) -> ResponseReturnValue:
    """Those that the address chooses, the most pressing first."""
    with requests.reading() as work:
        alert_lists.expect(work, f"{owner}/{name}")
    frame = opened(owner, name)
    path, query, now = frame.repository.path, _query(), requests.now()

    def find(work: UnitOfWork, /, *, after: str | None, limit: int) -> Found[Dependency]:
        return dependencies.listed(work, path, query, now=now, after=after, limit=limit)

    if file := lists.export(f"{name}-dependencies", find, COLUMNS):
        return file
    with requests.reading() as work:
        found = find(work, after=after(), limit=USUAL)
        summary = dependencies.summary(work, path, now=now)
    return show(
        "security/dependencies.html",
        frame,
        tab_name="security",
        found=listed(found),
        summary=summary,
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
