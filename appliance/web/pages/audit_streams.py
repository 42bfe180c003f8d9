"""Streams of an audit log to other systems: how they are, making and changing them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from pydantic import Field

from appliance.domain.audit_formats import Format
from appliance.domain.audit_streams import OPTIONS, WITH_SECRET, Covers, OptionValue, Receiver
from appliance.errors import NotFoundError
from appliance.services.audit_log import stream_reports, streams, targets
from appliance.services.audit_log.streams import Changes, NewStream
from appliance.web import forms, requests
from appliance.web.pages import words
from appliance.web.pages.audit_frame import frame, routes
from appliance.web.pages.page_forms import (
    Problems,
    asked,
    attempt,
    confirmed_first,
    done,
    insist,
    is_confirmed,
    page,
)

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.services.audit_log.stream_reports import StreamReport

pages = flask.Blueprint("audit_streams", __name__)
words.give_to_templates(pages)

RECEIVERS = {
    Receiver.WEBHOOK: (lazy("Webhook"), lazy("POST over HTTPS, signed with a secret.")),
    Receiver.SPLUNK: (lazy("Splunk"), lazy("HTTP Event Collector, with acknowledgement.")),
    Receiver.SYSLOG: (lazy("Syslog"), lazy("RFC 5424 over TLS.")),
    Receiver.S3: (lazy("Object store"), lazy("S3 and compatible stores, with Object Lock.")),
    Receiver.FILE: (lazy("Files"), lazy("A folder on this machine that something else empties.")),
}
ADDRESSES = {
    Receiver.WEBHOOK: "https://siem.example/hook",
    Receiver.SPLUNK: "https://splunk.example:8088",
    Receiver.SYSLOG: "tls://siem.example:6514",
    Receiver.S3: "https://s3.example/bucket",
    Receiver.FILE: "siem",
}
SECRETS = {
    Receiver.WEBHOOK: lazy("Secret to sign with"),
    Receiver.SPLUNK: lazy("Token"),
    Receiver.S3: lazy("Secret key"),
}
FORMATS = {
    Format.JSON: "JSON",
    Format.OCSF: "OCSF",
    Format.ECS: "ECS",
    Format.CEF: "CEF",
    Format.LEEF: "LEEF 2.0",
    Format.CLOUD_EVENTS: "CloudEvents",
}
OPTION_WORDS = {
    "batch": lazy("Events per batch"),
    "ocsf_version": lazy("Version of OCSF"),
    "index": lazy("Index"),
    "acknowledge": lazy("Wait for acknowledgement"),
    "enterprise": lazy("Private enterprise number"),
    "again": lazy("Events sent again after a break"),
    "largest_bytes": lazy("Largest message in bytes"),
    "region": lazy("Region"),
    "access_key": lazy("Access key"),
    "prefix": lazy("Prefix of names"),
    "lock_mode": lazy("Object Lock"),
    "lock_days": lazy("Days under Object Lock"),
}
STATES = {
    "up_to_date": (lazy("Up to date"), "good"),
    "delivering": (lazy("Delivering"), "accent"),
    "failing": (lazy("Failing"), "bad"),
    "paused": (lazy("Paused"), "hold"),
    "stopped": (lazy("Stopped by the appliance"), "bad"),
}


class StreamForm(forms.Form):
    """A stream, without what only some receivers can be told."""

    name: str = Field(max_length=streams.LONGEST_NAME)
    address: str = Field(max_length=2048)
    format: Format = Format.JSON
    secret: str = Field("", max_length=4096)
    actions: str = Field("", max_length=4000)
    everything: str = ""
    begin: str = Field("end", max_length=20)


@routes(pages, "/streams", methods=["GET"])
def listing(owner: str) -> ResponseReturnValue:
    """Every stream of this log, and how it is."""
    with requests.reading() as work:
        context = frame(work, owner, "streams")
        found = stream_reports.list_streams(work, organisation=owner, now=requests.now())
    return page("audit/streams.html", found=found, **_tables(), **context)


@routes(pages, "/streams/new", methods=["GET"])
def new(owner: str) -> ResponseReturnValue:
    """Choose where to, then describe it."""
    return _form_page(owner, {})


@routes(pages, "/streams/new", methods=["POST"])
def create(owner: str) -> ResponseReturnValue:
    """Make it."""
    receiver = _receiver(flask.request.form.get("receiver", ""))

    def act() -> ResponseReturnValue:
        form = StreamForm.parse(flask.request.form)
        with requests.reading() as work:
            streams.insist_on_permission(work, owner)
        targets.check_address(receiver, form.address, rules=_rules())
        wanted = NewStream(
            name=form.name,
            receiver=receiver,
            address=form.address,
            format=form.format,
            covers=_covers(owner, form),
            organisation=owner,
            secret=form.secret,
            options=_options(receiver),
            actions=form.actions.split(),
            begin=form.begin if form.begin in {"start", "end"} else "end",
        )
        with requests.begin() as work:
            made = streams.create(work, wanted, sealer=requests.wiring().sealer, now=requests.now())
        said = _("%(name)s was created and is sending.", name=made.name)
        return done(said, ".show", owner=owner, stream_id=made.id)

    return attempt(act, lambda problems: _form_page(owner, problems, receiver), at="name")


@routes(pages, "/streams/<uuid:stream_id>", methods=["GET"])
def show(owner: str, stream_id: UUID) -> ResponseReturnValue:
    """One stream: how far it is, what it left behind, and what it is told."""
    return _stream_page(owner, stream_id, {})


@routes(pages, "/streams/<uuid:stream_id>", methods=["POST"])
def change(owner: str, stream_id: UUID) -> ResponseReturnValue:
    """Change it; it goes on where it is."""

    def act() -> ResponseReturnValue:
        form = StreamForm.parse(flask.request.form)
        with requests.reading() as work:
            receiver = streams.receiver_of(work, stream_id)
        targets.check_address(receiver, form.address, rules=_rules())
        changes = Changes(
            name=form.name,
            address=form.address,
            format=form.format,
            secret=form.secret or None,
            options=_options(receiver),
            actions=form.actions.split(),
        )
        with requests.begin() as work:
            streams.change(work, stream_id, changes, sealer=requests.wiring().sealer)
        return done(_("The stream was changed."), ".show", owner=owner, stream_id=stream_id)

    return attempt(act, lambda problems: _stream_page(owner, stream_id, problems), at="name")


@routes(pages, "/streams/<uuid:stream_id>/<any(pause, resume, test):verb>", methods=["POST"])
def act_on(owner: str, stream_id: UUID, verb: str) -> ResponseReturnValue:
    """Pause it, resume it, or send its receiver a test message."""

    def act() -> ResponseReturnValue:
        said = ACTS[verb](stream_id)
        return done(said, ".show", owner=owner, stream_id=stream_id)

    return attempt(act, lambda problems: _stream_page(owner, stream_id, problems))


@routes(pages, "/streams/<uuid:stream_id>/delete", methods=["POST"])
def delete(owner: str, stream_id: UUID) -> ResponseReturnValue:
    """Delete it; what it sent stays where it is."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            name = stream_reports.show(work, stream_id, now=requests.now()).stream.name
            insist(is_confirmed(name), "", _("Type its name to delete it."))
            streams.delete(work, stream_id)
        return done(_("%(name)s was deleted.", name=name), ".listing", owner=owner)

    return attempt(act, lambda problems: _stream_page(owner, stream_id, problems))


@routes(
    pages,
    "/streams/<uuid:stream_id>/parked/<uuid:event_id>/<any(retry, skip):verb>",
    methods=["POST"],
)
def decide(owner: str, stream_id: UUID, event_id: UUID, verb: str) -> ResponseReturnValue:
    """Send a parked event again, or do without it there."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            if verb == "retry":
                streams.retry(work, stream_id, event_id)
            else:
                streams.skip(work, stream_id, event_id)
        said = _("It is being sent again.") if verb == "retry" else _("The receiver skips it.")
        return done(said, ".show", owner=owner, stream_id=stream_id)

    return attempt(act, lambda problems: _stream_page(owner, stream_id, problems))


def _pause(stream_id: UUID) -> str:
    with requests.begin() as work:
        name = streams.pause(work, stream_id, now=requests.now()).name
    return str(_("%(name)s is paused. The log keeps new events.", name=name))


def _resume(stream_id: UUID) -> str:
    with requests.begin() as work:
        name = streams.resume(work, stream_id).name
    return str(_("%(name)s is sending again, from where it stopped.", name=name))


def _test(stream_id: UUID) -> str:
    with requests.begin() as work:
        plan = streams.plan_test(
            work,
            stream_id,
            sealer=requests.wiring().sealer,
            host=urlsplit(requests.wiring().settings.server.url).netloc,
        )
    targets.send_test(plan, rules=_rules(), now=requests.present)
    return str(_("The receiver accepted a test message."))


ACTS = {"pause": _pause, "resume": _resume, "test": _test}


def _form_page(owner: str, problems: Problems, receiver: Receiver | None = None) -> str:
    confirmed_first()
    chosen = receiver or (_receiver(asked("to")) if asked("to") else None)
    with requests.reading() as work:
        streams.insist_on_permission(work, owner)
        context = frame(work, owner, "streams")
    return page(
        "audit/stream_new.html",
        problems,
        receiver=chosen,
        options=OPTIONS.get(chosen, {}) if chosen else {},
        **_tables(),
        **context,
    )


def _stream_page(owner: str, stream_id: UUID, problems: Problems) -> str:
    with requests.reading() as work:
        context = frame(work, owner, "streams")
        report = _of(work, owner, stream_id)
        parked = stream_reports.parked(work, stream_id)
    return page(
        "audit/stream.html",
        problems,
        report=report,
        stream=report.stream,
        parked=parked,
        receiver=report.stream.receiver,
        options=OPTIONS[report.stream.receiver],
        **_tables(),
        **context,
    )


def _of(work: UnitOfWork, owner: str, stream_id: UUID) -> StreamReport:
    """The stream, at the address of the log that it belongs to and at no other."""
    report = stream_reports.show(work, stream_id, now=requests.now())
    if report.organisation.casefold() != owner.casefold():
        raise NotFoundError(_("There is no such stream."))
    return report


def _tables() -> dict[str, Any]:
    return {
        "receivers": RECEIVERS,
        "addresses": ADDRESSES,
        "secrets": SECRETS,
        "with_secret": WITH_SECRET,
        "formats": FORMATS,
        "option_words": OPTION_WORDS,
        "states": STATES,
        "pairs": lambda values: [(each, each or "-") for each in values],
    }


def _options(receiver: Receiver) -> dict[str, OptionValue]:
    """What this receiver is told, in the kind of value that it takes."""
    given = flask.request.form
    found: dict[str, OptionValue] = {}
    for name, option in OPTIONS[receiver].items():
        text = given.get(f"option-{name}")
        if isinstance(option.usual, bool):
            found[name] = text == "yes"  # A box that is not ticked is not sent.
        elif text is not None:
            found[name] = _number(text) if isinstance(option.usual, int) else text.strip()
    return found


def _number(text: str) -> OptionValue:
    """A number; other words as they are, for whoever checks to say what is wrong."""
    return int(text) if text.isascii() and text.isdigit() else text


def _covers(owner: str, form: StreamForm) -> Covers:
    if owner:
        return Covers.ORGANISATION
    return Covers.EVERYTHING if form.everything else Covers.INSTANCE


def _receiver(text: str) -> Receiver:
    if text not in set(Receiver):
        raise NotFoundError(_("There is no such kind of receiver."))
    return Receiver(text)


def _rules() -> Any:
    return requests.wiring().settings.streams
