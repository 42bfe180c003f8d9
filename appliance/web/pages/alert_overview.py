"""Alerts of many repositories: of an organisation, or of all whose alerts one may see."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import flask
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as lazy

from appliance.domain.alerts import AlertKind, AlertState
from appliance.services import alert_lists, alert_overview, alerts, organisations
from appliance.services.alerts import Change
from appliance.web import requests
from appliance.web.pages import alert_charts, alert_facets, alert_words, lists, words
from appliance.web.pages.alerts import COLUMNS, DecisionForm
from appliance.web.pages.page_forms import USUAL, after, asked, listed, page, signed_in

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.services.alert_lists import Listed
    from appliance.web.pages.page_forms import Found

pages = flask.Blueprint("alert_overview", __name__)
words.give_to_templates(pages)
pages.context_processor(lambda: {"alert_words": alert_words})

Handler = TypeVar("Handler", bound=Callable[..., Any])
HOME = "/security"
ACROSS: lists.Columns = {"repository": lambda each: each.repository, **COLUMNS}


def routes(rule: str, **options: Any) -> Callable[[Handler], Handler]:
    """The two addresses of a page: of the appliance, and of an organisation."""

    def register(handler: Handler) -> Handler:
        endpoint = handler.__name__
        # An empty owner leads `url_for` to the first of them.
        pages.add_url_rule(f"{HOME}{rule}", endpoint, handler, defaults={"owner": ""}, **options)
        pages.add_url_rule(f"/<owner>/-{HOME}{rule}", endpoint, handler, **options)
        return handler

    return register


@routes("", methods=["GET"])
def listing(owner: str) -> ResponseReturnValue:
    """One list: those that the address chooses; without a word of it, the open ones."""
    signed_in()
    query, now = alert_facets.query(), requests.now()

    def find(work: UnitOfWork, /, *, after: str | None, limit: int) -> Found[Listed]:
        return alert_lists.listed_of(work, owner or None, query, now=now, after=after, limit=limit)

    if file := lists.export(f"{owner or 'appliance'}-alerts", find, ACROSS):
        return file
    with requests.reading() as work:
        around = _around(work, owner)
        found = find(work, after=after(), limit=USUAL)
        facets = alert_lists.counted_of(work, owner or None, query, now=now)
    return page(
        "alerts/across.html",
        found=listed(found),
        facets=facets,
        choices=alert_facets.choices(facets),
        now=now,
        is_usual=not flask.request.args,
        state=asked("state") or AlertState.OPEN,
        acts=_acts(),
        part="alerts",
        **around,
        **lists.tools(),
    )


@routes("", methods=["POST"])
def act_on_several(owner: str) -> ResponseReturnValue:
    """Dismiss or reopen those that were chosen, each in its repository."""
    signed_in()
    return lists.act_on_several(_acts(), back=flask.url_for(".listing", owner=owner))


@routes("/overview", methods=["GET"])
def show(owner: str) -> ResponseReturnValue:
    """Figures and trends, and how far they can be trusted."""
    signed_in()
    with requests.reading() as work:
        around = _around(work, owner)
        found = alert_overview.show(work, owner or None, now=requests.now())
    return page(
        "alerts/overview.html",
        overview=found,
        trends=found.trends,
        kinds=list(AlertKind),
        open_chart=alert_charts.open_by_severity(found.trends.weeks),
        colours=alert_charts.COLOURS,
        flow_chart=alert_charts.opened_and_fixed(found.trends.weeks),
        part="overview",
        **around,
    )


@routes("/coverage", methods=["GET"])
def coverage(owner: str) -> ResponseReturnValue:
    """When each repository was scanned last, by what, and what was not scanned."""
    signed_in()
    with requests.reading() as work:
        around = _around(work, owner)
        found = alert_overview.coverage(work, owner or None, after=after(), limit=USUAL)
    return page(
        "alerts/coverage.html",
        found=listed(found),
        kinds=list(AlertKind),
        part="coverage",
        **around,
    )


def _around(work: UnitOfWork, owner: str) -> dict[str, Any]:
    """The frame outside, and whose alerts these are."""
    if not owner:
        return {"owner": "", "around": "alerts/_appliance.html"}
    return {
        "owner": owner,
        "around": "alerts/_organisation.html",
        "organisation": organisations.show(work, owner),
        "allowed": organisations.allowed(work, owner),
        "tab_name": "security",
    }


def _acts() -> dict[str, lists.Act]:
    form, now = flask.request.form, requests.now()

    def dismiss(work: UnitOfWork, key: str) -> object:
        sent = DecisionForm.parse(form)
        wanted = Change(AlertState.DISMISSED, sent.reason, sent.comment)
        return alerts.change(work, *_place(key), wanted, now=now)

    def reopen(work: UnitOfWork, key: str) -> object:
        wanted = Change(AlertState.OPEN, comment=DecisionForm.parse(form).comment)
        return alerts.change(work, *_place(key), wanted, now=now)

    return {
        "dismiss": lists.Act(lazy("Dismiss"), dismiss),
        "reopen": lists.Act(lazy("Reopen"), reopen),
    }


def _place(key: str) -> tuple[str, int]:
    """The repository and the number of `OWNER/NAME#NUMBER`."""
    path, _hash, number = key.rpartition("#")
    return path, alert_facets.number(number)
