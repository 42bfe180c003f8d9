"""The inbox: what waits for somebody, in words, with the place where it is settled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from flask_babel import ngettext

from appliance.domain.activity import ActivityRule
from appliance.domain.credentials import ApprovalState, CredentialKind
from appliance.domain.jobs import Job
from appliance.errors import ApplianceError
from appliance.services import inbox, notifications
from appliance.services.inbox_entries import Entry, Topic
from appliance.web import language, requests
from appliance.web.pages import activity_words, words
from appliance.web.pages.page_forms import signed_in
from appliance.wiring_observations import QueueMemory

if TYPE_CHECKING:
    from datetime import datetime

    from flask_babel.speaklater import LazyString

    from appliance.db.unit_of_work import UnitOfWork

pages = flask.Blueprint("inbox", __name__)
words.give_to_templates(pages)

LONGEST_REASON = 120


@dataclass(frozen=True)
class Line:
    """One entry as a page shows it: `act` says what one does about it, at `href`."""

    says: str
    tone: str
    mark: str
    """The word that the tone stands for."""
    act: str
    href: str
    at: datetime | None


@pages.get("/inbox")
def show() -> ResponseReturnValue:
    """Everything that waits, and what came to a good end lately."""
    signed_in()
    with requests.reading() as work:
        todo = waiting(work)
        found = [line(entry) for entry in inbox.news(work, now=requests.now())]
        unread = notifications.unread(work)
    flask.g.inbox_count = len(todo) + unread
    return flask.render_template("inbox/show.html", todo=todo, news=found, unread=unread)


def waiting(work: UnitOfWork) -> list[Line]:
    """What the person should do something about."""
    memory = QueueMemory(requests.wiring().redis)
    return [line(entry) for entry in inbox.waiting(work, memory=memory, now=requests.now())]


def count() -> int | None:
    """How much waits, for the top of every page; None where that cannot be told now."""
    if "inbox_count" not in flask.g:
        try:
            with requests.reading() as work:
                flask.g.inbox_count = len(waiting(work)) + notifications.unread(work)
        except ApplianceError:
            flask.g.inbox_count = None
    found: int | None = flask.g.inbox_count
    return found


def line(entry: Entry) -> Line:
    """An entry in words."""
    tone, mark, draw = DRAWN[entry.topic]
    says, act, href = draw(entry)
    return Line(says, tone, str(mark), act, href, entry.at)


Words = tuple[str, str, str]


def _password(_entry: Entry) -> Words:
    return (
        _("Your password was set by somebody else. Choose your own."),
        _("Choose your own"),
        flask.url_for("account.security"),
    )


def _part(entry: Entry) -> Words:
    name = words.PARTS.get(entry.name, entry.name)
    return (
        _("%(part)s does not work.", part=name),
        _("View health"),
        flask.url_for("admin.overview"),
    )


def _damaged(entry: Entry) -> Words:
    href = flask.url_for("admin.list_repositories", show="damaged")
    return _("%(path)s is damaged.", path=entry.name), _("View what Git reports"), href


def _job(entry: Entry) -> Words:
    why = language.said(entry.detail)[:LONGEST_REASON]
    says = _("“%(job)s” failed: %(why)s", job=words.JOBS[Job(entry.name)], why=why)
    return says, _("View job"), flask.url_for("jobs.show", job_id=entry.id)


def _room(entry: Entry) -> Words:
    return (
        _("%(name)s uses %(percent)s %% of its storage.", name=entry.name, percent=entry.percent),
        _("View storage"),
        flask.url_for("organisations.settings", owner=entry.name) + "#room",
    )


def _token(entry: Entry) -> Words:
    says = _("The token “%(name)s” expires.", name=entry.name)
    if entry.topic is Topic.TOKEN_EXPIRED:
        says = _("The token “%(name)s” has expired.", name=entry.name)
    return says, _("Replace or revoke"), flask.url_for("account_credentials.tokens")


def _key(entry: Entry) -> Words:
    says = _("The SSH key “%(name)s” expires.", name=entry.name)
    if entry.topic is Topic.KEY_EXPIRED:
        says = _("The SSH key “%(name)s” has expired.", name=entry.name)
    return says, _("Replace or remove"), flask.url_for("account_credentials.keys")


def _access(entry: Entry) -> Words:
    href = flask.url_for("access_requests.show", request_id=entry.id)
    if entry.topic is Topic.ACCESS_ASKED:
        says = _("%(user)s requests access to %(name)s.", user=entry.detail, name=entry.name)
        return says, _("Answer"), href
    if entry.topic is Topic.ACCESS_ENDS:
        return _("Your access to %(name)s ends.", name=entry.name), _("Request more time"), href
    if entry.topic is Topic.ACCESS_GIVEN:
        return _("You were given access to %(name)s.", name=entry.name), _("View"), href
    says = _("Your request for access to %(name)s was refused.", name=entry.name)
    return says, _("See why"), href


def _review(entry: Entry) -> Words:
    number = int(entry.detail)
    says = ngettext(
        "%(num)s right waits for your decision in “%(name)s”.",
        "%(num)s rights wait for your decision in “%(name)s”.",
        number,
        name=entry.name,
    )
    return says, _("Decide"), flask.url_for("access_reviews.show", review_id=entry.id, state="mine")


def _leaked(entry: Entry) -> Words:
    says = _("%(what)s “%(name)s” was found exposed and revoked.",
             what=words.CREDENTIALS[CredentialKind(entry.kind)], name=entry.name)  # fmt: skip
    if entry.detail:
        says = _("%(what)s “%(name)s” was found in %(place)s and revoked.",
                 what=words.CREDENTIALS[CredentialKind(entry.kind)], name=entry.name,
                 place=entry.detail)  # fmt: skip
    return says, _("View details and create another"), _credentials(entry)


def _unused(entry: Entry) -> Words:
    what = words.CREDENTIALS[CredentialKind(entry.kind)]
    says = _("%(what)s “%(name)s” is unused and will be revoked soon.", what=what, name=entry.name)
    if entry.topic is Topic.CREDENTIAL_ENDED:
        says = _("%(what)s “%(name)s” was revoked: it was unused.", what=what, name=entry.name)
        return says, _("See what there is"), _credentials(entry)
    return says, _("Use it or revoke it"), _credentials(entry)


def _asks(entry: Entry) -> Words:
    says = _("%(user)s requests access to %(organisation)s with the token “%(name)s”.",
             user=entry.detail, organisation=entry.owner, name=entry.name)  # fmt: skip
    href = flask.url_for("token_rules.show", owner=entry.owner, state=ApprovalState.PENDING)
    return says, _("Approve or refuse"), href


def _answered(entry: Entry) -> Words:
    said = words.APPROVAL_STATES[ApprovalState(entry.detail)]
    says = _("%(organisation)s decided about the token “%(name)s”: %(state)s.",
             organisation=entry.owner, name=entry.name, state=said)  # fmt: skip
    return says, _("View your tokens"), flask.url_for("account_credentials.tokens")


def _credentials(entry: Entry) -> str:
    """Where credentials of this kind are, for whoever is told of one."""
    if entry.kind == CredentialKind.SCIM_TOKEN:
        return flask.url_for("admin_providers.listing")
    if entry.owner:
        return flask.url_for("credentials.listing_of", owner=entry.owner, q=entry.name)
    keys = entry.kind in {CredentialKind.SSH_KEY, CredentialKind.DEPLOY_KEY}
    return flask.url_for("account_credentials.keys" if keys else "account_credentials.tokens")


def _arrived(entry: Entry) -> Words:
    says = _("%(path)s is ready, with all its history.", path=entry.name)
    return says, _("View"), f"/{entry.name}"


def _proposed(entry: Entry) -> Words:
    says = _(
        "%(name)s proposed a change to %(subject)s that needs your confirmation.",
        name=entry.name,
        subject=entry.detail,
    )
    return says, _("Review and decide"), flask.url_for("proposals.show", proposal_id=entry.id)


def _activity(entry: Entry) -> Words:
    says = _("Suspicious activity on this appliance: %(rule)s",
             rule=activity_words.RULES[ActivityRule(entry.detail)])  # fmt: skip
    if entry.owner:
        says = _("Suspicious activity in %(organisation)s: %(rule)s", organisation=entry.owner,
                 rule=activity_words.RULES[ActivityRule(entry.detail)])  # fmt: skip
    href = flask.url_for("activity.show", owner=entry.owner, alert_id=entry.id)
    return says, _("View and decide"), href


def _acted_as(entry: Entry) -> Words:
    says = _(
        "%(name)s acted as you. Reason: %(reason)s",
        name=entry.name,
        reason=entry.detail[:LONGEST_REASON],
    )
    return says, _("View times"), flask.url_for("account.security") + "#acted-as"


DRAWN: dict[Topic, tuple[str, LazyString, Callable[[Entry], Words]]] = {
    Topic.PASSWORD_GIVEN: ("warn", lazy("Unsafe"), _password),
    Topic.PART_FAILS: ("bad", lazy("Fails"), _part),
    Topic.REPOSITORY_DAMAGED: ("bad", lazy("Damaged"), _damaged),
    Topic.JOB_FAILED: ("bad", lazy("Failed"), _job),
    Topic.ROOM_RUNS_OUT: ("warn", lazy("Full"), _room),
    Topic.TOKEN_EXPIRES: ("warn", lazy("Soon"), _token),
    Topic.TOKEN_EXPIRED: ("bad", lazy("Expired"), _token),
    Topic.KEY_EXPIRES: ("warn", lazy("Soon"), _key),
    Topic.KEY_EXPIRED: ("bad", lazy("Expired"), _key),
    Topic.TOKEN_ASKS: ("warn", lazy("Asked"), _asks),
    Topic.TOKEN_ANSWERED: ("", lazy("Answered"), _answered),
    Topic.CREDENTIAL_UNUSED: ("warn", lazy("Not used"), _unused),
    Topic.CREDENTIAL_ENDED: ("bad", lazy("Ended"), _unused),
    Topic.CREDENTIAL_LEAKED: ("bad", lazy("Leaked"), _leaked),
    Topic.PROPOSED: ("warn", lazy("Waits"), _proposed),
    Topic.ACTED_AS: ("warn", lazy("Look"), _acted_as),
    Topic.ACCESS_ASKED: ("warn", lazy("Asked"), _access),
    Topic.REVIEW_WAITS: ("warn", lazy("Due"), _review),
    Topic.ACCESS_ENDS: ("warn", lazy("Soon"), _access),
    Topic.ACCESS_GIVEN: ("good", lazy("Given"), _access),
    Topic.ACCESS_NOT_GIVEN: ("hold", lazy("Refused"), _access),
    Topic.ACTIVITY: ("warn", lazy("Unusual"), _activity),
    Topic.ARRIVED: ("good", lazy("Done"), _arrived),
}
"""The tone of each topic, the word for it, and how it is said."""


def install(app: flask.Flask) -> None:
    """Let the frame of every page ask how much waits; only a page that shows it pays for it."""

    @app.context_processor
    def _context() -> dict[str, Any]:
        return {"inbox_count": count}
