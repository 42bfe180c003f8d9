"""Webhooks of a repository and an organisation: how they are, changing, sending again."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from pydantic import Field

from appliance.domain import webhook_events
from appliance.domain.chat_messages import WebhookFormat
from appliance.domain.webhook_events import ALL
from appliance.domain.webhooks import USUAL_OVERLAP_HOURS, DeliveryState
from appliance.errors import InvalidError
from appliance.services import webhook_deliveries, webhook_targets, webhooks
from appliance.services.webhook_deliveries import Wanted
from appliance.services.webhooks import Changes, NewWebhook
from appliance.web import forms, requests
from appliance.web.pages.organisations import settings_frame
from appliance.web.pages.page_forms import (
    Problems,
    after,
    asked,
    attempt,
    done,
    listed,
    page,
)
from appliance.web.pages.repository_frame import blueprint
from appliance.web.pages.repository_settings import settings_page

pages = blueprint("webhooks")
Handler = Callable[..., ResponseReturnValue]
DELIVERIES = 30
STATES = {
    "good": (lazy("Delivered"), "good"),
    "new": (lazy("Nothing yet"), ""),
    "failing": (lazy("Failing"), "bad"),
    "off": (lazy("Off"), "hold"),
}
DELIVERY_STATES = {
    DeliveryState.WAITING: (lazy("Waiting"), "accent"),
    DeliveryState.DELIVERED: (lazy("Delivered"), "good"),
    DeliveryState.GIVEN_UP: (lazy("Given up"), "bad"),
}


FORMATS = {
    WebhookFormat.CODARA: lazy("Full JSON events"),
    WebhookFormat.SLACK: "Slack",
    WebhookFormat.MATTERMOST: "Mattermost",
    WebhookFormat.TEAMS: "Microsoft Teams",
}
"""What a receiver may understand, in words."""


class HookForm(forms.Form):
    """A webhook as somebody describes it."""

    url: str = Field(max_length=2048)
    everything: str = ""
    events: list[str] = Field(default_factory=list, max_length=100)
    active: str = ""
    format: WebhookFormat = WebhookFormat.CODARA
    secret: str = Field("", max_length=200)

    @property
    def chosen(self) -> list[str]:
        """The events that were ticked."""
        return [ALL] if self.everything else self.events


class SecretForm(forms.Form):
    """Another secret."""

    secret: str = Field(max_length=200)
    overlap_hours: float = Field(USUAL_OVERLAP_HOURS, ge=0)


class RangeForm(forms.Form):
    """From when to when, in UTC."""

    since: str = Field(max_length=30)
    until: str = Field(max_length=30)
    only_given_up: str = ""


def routes(rule: str, *methods: str) -> Callable[[Handler], Handler]:
    """The two addresses of a page: of a repository's webhooks, and of an organisation's."""

    def register(handler: Handler) -> Handler:
        endpoint = handler.__name__
        for place in ("/<owner>/<name>", "/<owner>/-"):
            rule_there = f"{place}/settings/hooks{rule}"
            pages.add_url_rule(rule_there, endpoint, handler, methods=list(methods))
        return handler

    return register


@routes("", "GET")
def listing(owner: str, name: str = "") -> ResponseReturnValue:
    """All of them."""
    with requests.reading() as work:
        found = webhooks.listed(work, _place(owner, name))
    return _page("list.html", owner, name, {}, found=found)


@routes("/new", "GET")
def new(owner: str, name: str = "") -> ResponseReturnValue:
    """Describe one."""
    return _new_page(owner, name, {})


@routes("/new", "POST")
def create(owner: str, name: str = "") -> ResponseReturnValue:
    """Make it, and show its secret this once."""

    def act() -> ResponseReturnValue:
        form = HookForm.parse(flask.request.form)
        with requests.reading() as work:
            webhooks.insist_on_permission(work, _place(owner, name))
        wiring = requests.wiring()
        webhook_targets.check_address(form.url, rules=wiring.settings.webhooks)
        wanted = NewWebhook(form.url, form.chosen, form.secret, bool(form.active), form.format)
        with requests.begin() as work:
            hook, secret = webhooks.create(
                work, _place(owner, name), wanted, sealer=wiring.sealer, now=requests.now()
            )
        return _page("made.html", owner, name, {}, hook=hook, secret=secret)

    return attempt(act, lambda problems: _new_page(owner, name, problems), at="url")


@routes("/<uuid:hook_id>", "GET")
def show(owner: str, hook_id: UUID, name: str = "") -> ResponseReturnValue:
    """One of them, and what was delivered to it."""
    return _hook_page(owner, name, hook_id, {})


@routes("/<uuid:hook_id>", "POST")
def change(owner: str, hook_id: UUID, name: str = "") -> ResponseReturnValue:
    """Change it; whoever does answers for it from then on."""

    def act() -> ResponseReturnValue:
        form = HookForm.parse(flask.request.form)
        with requests.reading() as work:
            webhooks.insist_on_permission(work, _place(owner, name))
        webhook_targets.check_address(form.url, rules=requests.wiring().settings.webhooks)
        changes = Changes(form.url, form.chosen, bool(form.active), format=form.format)
        _change(owner, name, hook_id, changes)
        return done(_("The webhook was updated."), ".show", **_at(owner, name, hook_id))

    return attempt(act, lambda problems: _hook_page(owner, name, hook_id, problems), at="url")


@routes("/<uuid:hook_id>/secret", "POST")
def exchange_secret(owner: str, hook_id: UUID, name: str = "") -> ResponseReturnValue:
    """Sign with another secret; the old one signs too for a while."""

    def act() -> ResponseReturnValue:
        form = SecretForm.parse(flask.request.form)
        changes = Changes(secret=form.secret, overlap_hours=form.overlap_hours)
        _change(owner, name, hook_id, changes)
        return done(_("The new secret is used from now on."), ".show", **_at(owner, name, hook_id))

    return attempt(act, lambda problems: _hook_page(owner, name, hook_id, problems), at="secret")


@routes("/<uuid:hook_id>/ping", "POST")
def ping(owner: str, hook_id: UUID, name: str = "") -> ResponseReturnValue:
    """Have a ping sent."""

    def act() -> ResponseReturnValue:
        url = requests.wiring().settings.server.url.rstrip("/")
        with requests.begin() as work:
            place, now = _place(owner, name), requests.now()
            webhook_deliveries.ping(work, place, hook_id, url=url, now=now)
        said = _("A ping is on its way. The response appears in the list.")
        return done(said, ".show", **_at(owner, name, hook_id))

    return attempt(act, lambda problems: _hook_page(owner, name, hook_id, problems))


@routes("/<uuid:hook_id>/redeliver", "POST")
def redeliver_range(owner: str, hook_id: UUID, name: str = "") -> ResponseReturnValue:
    """Send again what was made between two moments."""

    def act() -> ResponseReturnValue:
        form = RangeForm.parse(flask.request.form)
        with requests.begin() as work:
            number = webhook_deliveries.redeliver_range(
                *(work, _place(owner, name), hook_id),
                since=_moment("since", form.since),
                until=_moment("until", form.until),
                only_given_up=bool(form.only_given_up),
                now=requests.now(),
            )
        said = _("%(number)s deliveries are sent again.", number=number)
        return done(said, ".show", **_at(owner, name, hook_id))

    return attempt(act, lambda problems: _hook_page(owner, name, hook_id, problems), at="until")


@routes("/<uuid:hook_id>/delete", "POST")
def delete(owner: str, hook_id: UUID, name: str = "") -> ResponseReturnValue:
    """Delete it, and the list of its deliveries."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            webhooks.delete(work, _place(owner, name), hook_id)
        return done(_("The webhook was deleted."), ".listing", **_at(owner, name))

    return attempt(act, lambda problems: _hook_page(owner, name, hook_id, problems))


@routes("/<uuid:hook_id>/deliveries/<int:number>", "GET")
def delivery(owner: str, hook_id: UUID, number: int, name: str = "") -> ResponseReturnValue:
    """One delivery, with request and answer."""
    return _delivery_page(owner, name, hook_id, number, {})


@routes("/<uuid:hook_id>/deliveries/<int:number>/redeliver", "POST")
def redeliver(owner: str, hook_id: UUID, number: int, name: str = "") -> ResponseReturnValue:
    """Send it again."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            made = webhook_deliveries.redeliver(
                work, _place(owner, name), hook_id, number, now=requests.now()
            )
        at = _at(owner, name, hook_id) | {"number": made.number}
        return done(_("The delivery is being sent again."), ".delivery", **at)

    return attempt(act, lambda problems: _delivery_page(owner, name, hook_id, number, problems))


def _place(owner: str, name: str) -> str:
    return f"{owner}/{name}" if name else owner


def _at(owner: str, name: str, hook_id: UUID | None = None) -> dict[str, Any]:
    """The parts of an address here."""
    parts = {"owner": owner, "name": name, "hook_id": hook_id}
    return {key: value for key, value in parts.items() if value}


def _change(owner: str, name: str, hook_id: UUID, changes: Changes) -> None:
    sealer = requests.wiring().sealer
    with requests.begin() as work:
        place, now = _place(owner, name), requests.now()
        webhooks.change(work, place, hook_id, changes, sealer=sealer, now=now)


def _new_page(owner: str, name: str, problems: Problems) -> str:
    with requests.reading() as work:
        webhooks.insist_on_permission(work, _place(owner, name))
    return _page("new.html", owner, name, problems)


def _hook_page(owner: str, name: str, hook_id: UUID, problems: Problems) -> str:
    state = asked("state")
    wanted = Wanted(DeliveryState(state) if state in set(DeliveryState) else None)
    with requests.reading() as work:
        place = _place(owner, name)
        found = webhooks.show(work, place, hook_id)
        deliveries = webhook_deliveries.listed(
            work, place, hook_id, wanted, after=after(), limit=DELIVERIES
        )
    return _page(
        *("show.html", owner, name, problems),
        found=found,
        hook=found.hook,
        deliveries=listed(deliveries),
        chosen=state if wanted.state else "",
        usual_overlap=USUAL_OVERLAP_HOURS,
        retry_hours=requests.wiring().settings.webhooks.retry_hours,
        keep_days=requests.wiring().settings.webhooks.keep_days,
    )


def _delivery_page(owner: str, name: str, hook_id: UUID, number: int, problems: Problems) -> str:
    with requests.reading() as work:
        place = _place(owner, name)
        hook = webhooks.show(work, place, hook_id).hook
        found = webhook_deliveries.show(work, place, hook_id, number)
    body = json.dumps(json.loads(found.payload), indent=2, ensure_ascii=False)
    return _page("delivery.html", owner, name, problems, hook=hook, found=found, body=body)


def _page(template: str, owner: str, name: str, problems: Problems, **context: Any) -> str:
    context |= {
        "at": _at(owner, name),
        "states": STATES,
        "delivery_states": DELIVERY_STATES,
        "events": webhook_events.by_name(),
        "all_events": ALL,
        "ping_event": webhook_events.PING,
        "formats": FORMATS,
        "place": _place(owner, name),
        "now": requests.now(),
    }
    if name:
        context["around"] = "repository_settings/_frame.html"
        return settings_page(f"webhooks/{template}", owner, name, problems, "hooks", **context)
    with requests.reading() as work:
        frame = settings_frame(work, owner)
    context["around"] = "webhooks/_organisation.html"
    return page(f"webhooks/{template}", problems, section="hooks", **context, **frame)


def _moment(field: str, text: str) -> datetime:
    """What a field for date and time says, which is in UTC here."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        said = _("Enter a date and a time, as in 2026-11-30T12:00.")
        raise InvalidError.of(field, said) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
