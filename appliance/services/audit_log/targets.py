"""From a stream's row to the target that its batches go to: looked up, judged, with its secret."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from appliance.db.audit_streams import AuditStream
from appliance.delivery import aws_signature
from appliance.delivery.exchange import Exchange, Trust
from appliance.delivery.file_drop import FileDrop
from appliance.delivery.object_store import ObjectStore, Shelf
from appliance.delivery.splunk import Collector, Splunk
from appliance.delivery.syslog import Manner, Syslog
from appliance.delivery.target import Batch, Target
from appliance.delivery.webhook import Webhook
from appliance.domain import audit_formats
from appliance.domain.audit_formats import Format, syslog
from appliance.domain.audit_formats.entry import Entry, Meaning, Sender
from appliance.domain.audit_streams import FOLDER, Receiver
from appliance.domain.ids import new_id
from appliance.errors import InvalidError, UnavailableError, sentence
from appliance.security import outgoing
from appliance.security.sealing import Place, Sealer
from appliance.version import RELEASE

if TYPE_CHECKING:
    from appliance.domain.destinations import Destination
    from appliance.settings_sections import Streams

TLS, TLS_PORT = "tls://", 6514
WITH_PATHS = frozenset({Receiver.SPLUNK, Receiver.S3, Receiver.SYSLOG})
"""Receivers to whose addresses we add, or that have none but a host."""
TEST = "audit.test_message"
TEST_LOG = "test"
TESTS_AT_ONCE = 4
TESTS = threading.BoundedSemaphore(TESTS_AT_ONCE)
"""In each process."""


@dataclass(frozen=True)
class Plan:
    """All that a sender needs to know of a stream, apart from the database."""

    stream_id: UUID
    version: int
    name: str
    receiver: Receiver
    address: str
    format: Format
    options: Mapping[str, Any]
    secret: str = field(repr=False)
    sender: Sender
    number: int
    recent: Sequence[Entry] = ()
    """What was sent last, for a receiver that is told it again."""

    def batch(self, entries: Sequence[Entry]) -> Batch:
        """Some entries, spelled as this receiver wants them."""
        spell = audit_formats.of(
            self.format, self.sender, ocsf_version=str(self.options["ocsf_version"])
        )
        return Batch(
            str(self.stream_id),
            self.number,
            self.format,
            entries,
            [spell(each) for each in entries],
        )


def plan_of(
    stream: AuditStream, *, sealer: Sealer, host: str, recent: Sequence[Entry] = ()
) -> Plan:
    """The plan of a stream.

    Errors:
        DamagedError: its secret cannot be unsealed.
    """
    secret = sealer.unseal(stream.secret, place_of(stream.id)).decode() if stream.secret else ""
    return Plan(
        stream_id=stream.id,
        version=stream.version,
        name=stream.name,
        receiver=stream.receiver,
        address=stream.address,
        format=stream.format,
        options=stream.options,
        secret=secret,
        sender=Sender(host, RELEASE),
        number=stream.number,
        recent=recent,
    )


def place_of(stream_id: UUID) -> Place:
    """Where a stream's secret is kept."""
    return Place(AuditStream.__tablename__, "secret", str(stream_id))


def check_address(receiver: Receiver, address: str, *, rules: Streams) -> None:
    """Go on only if events may be sent there. Looks the name up, so not within a transaction.

    Errors:
        InvalidError: the address is malformed, or leads where we may not go.
        UnavailableError: no name server answers now.
    """
    if receiver is Receiver.FILE:
        _folder(address, rules)
    else:
        _judge(receiver, address, rules)


def open_target(plan: Plan, *, rules: Streams, now: Callable[[], datetime]) -> Target:
    """What batches are handed to; its name was looked up now.

    Errors:
        InvalidError: the address leads where we may not go any more.
        UnavailableError: no name server answers now.
    """
    if plan.receiver is Receiver.FILE:
        return FileDrop(_folder(plan.address, rules))
    place = _judge(plan.receiver, plan.address, rules)
    return OPENERS[plan.receiver](plan, place, rules, now)


def stays_open(plan: Plan) -> bool:
    """Whether a target has a connection that is kept from batch to batch."""
    return plan.receiver is Receiver.SYSLOG


def send_test(plan: Plan, *, rules: Streams, now: Callable[[], datetime]) -> None:
    """Send a message that says that it is none, to see whether the receiver takes it.

    Errors:
        InvalidError, UnavailableError: it does not, and why; or too many others are being tested.
    """
    # Whoever asks waits for the receiver, and must not take the place of all who ask for a page.
    if not TESTS.acquire(blocking=False):
        raise UnavailableError(
            sentence("Other streams are being tested at this moment. Try again in a minute.")
        )
    try:
        target = open_target(plan, rules=rules, now=now)
        try:
            target.send(test_batch(plan, now()))
        finally:
            target.close()
    finally:
        TESTS.release()


def test_batch(plan: Plan, moment: datetime) -> Batch:
    """A batch with one message that is in no log."""
    time = moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    header = {
        "action": TEST,
        "actor": {"ref": "", "type": "appliance"},
        "auth": {"method": "internal", "mfa": False, "token_ref": ""},
        "b": None,
        "category": "audit",
        "id": str(new_id()),
        "log": TEST_LOG,
        "outcome": "success",
        "request_id": "",
        "src": {"boot": TEST_LOG, "n": 1, "node": TEST_LOG},
        "target": {"ref": str(plan.stream_id), "type": "stream"},
        "time": time,
        "v": 1,
    }
    meaning = Meaning("A test of this stream", ocsf_class=6003, ocsf_activity=99)
    leaf = json.dumps(header, sort_keys=True, separators=(",", ":"))
    return plan.batch([Entry(TEST_LOG, f"{plan.sender.host}/audit/{TEST_LOG}", 0, leaf, meaning)])


def _judge(receiver: Receiver, address: str, rules: Streams) -> Destination:
    schemes: Sequence[str] = rules.schemes
    url = address
    if receiver is Receiver.SYSLOG:
        if not address.startswith(TLS):
            raise _invalid(sentence("The address of a syslog server is tls://HOST:PORT."))
        rest = address.removeprefix(TLS).rstrip("/")
        has_port = rest.rpartition("]")[2].rpartition(":")[1]
        url = f"https://{rest}" if has_port else f"https://{rest}:{TLS_PORT}"
        schemes = ("https",)
    place = outgoing.judge(
        url,
        schemes=schemes,
        private_allowed=rules.private_addresses,
        setting="streams.private_addresses",
    )
    if receiver in WITH_PATHS and "?" in place.url:
        raise _invalid(sentence("The address of this kind of receiver has no question mark."))
    if rules.hosts and not any(fnmatchcase(place.host, each.lower()) for each in rules.hosts):
        raise _invalid(
            sentence(
                "%(host)s is not among the hosts that streams may reach. An administrator can "
                "add it to streams.hosts.",
                host=place.host,
            )
        )
    return place


def _folder(name: str, rules: Streams) -> Path:
    if not rules.folder:
        raise _invalid(sentence("This appliance drops no files: streams.folder is not set."))
    if not FOLDER.fullmatch(name):
        raise _invalid(
            sentence("A folder is named with small letters, digits, dots and hyphens only.")
        )
    return Path(rules.folder) / name


def _exchange(place: Destination, rules: Streams) -> Exchange:
    return Exchange(place, _trust(rules), rules.seconds)


def _trust(rules: Streams) -> Trust:
    return Trust(rules.authorities_file, rules.certificate_file, rules.certificate_key_file)


def _webhook(plan: Plan, place: Destination, rules: Streams, now: Callable[[], datetime]) -> Target:
    return Webhook(_exchange(place, rules), plan.secret, now)


def _splunk(plan: Plan, place: Destination, rules: Streams, _now: object) -> Target:
    collector = Collector(
        token=plan.secret,
        host=plan.sender.host,
        index=str(plan.options["index"]),
        is_acknowledged=bool(plan.options["acknowledge"]),
        patience_seconds=rules.acknowledge_seconds,
    )
    return Splunk(_exchange(place, rules), collector)


def _s3(plan: Plan, place: Destination, rules: Streams, now: Callable[[], datetime]) -> Target:
    options = plan.options
    keys = aws_signature.Keys(str(options["access_key"]), plan.secret, str(options["region"]))
    shelf = Shelf(
        keys, str(options["prefix"]), str(options["lock_mode"]), int(options["lock_days"])
    )
    return ObjectStore(_exchange(place, rules), shelf, now)


def _syslog(plan: Plan, place: Destination, rules: Streams, now: Callable[[], datetime]) -> Target:
    options = plan.options
    manner = Manner(
        sender=plan.sender,
        enterprise=int(options["enterprise"]),
        largest_bytes=int(options["largest_bytes"]),
        again=int(options["again"]),
        seconds=rules.seconds,
    )
    batch = plan.batch(plan.recent)
    before = [
        syslog.message(
            entry, plan.sender, audit_formats.line(spelled), enterprise=manner.enterprise
        )
        for entry, spelled in zip(batch.entries, batch.spelled, strict=True)
    ]
    return Syslog(place, _trust(rules), manner, before=before, now=now)


OPENERS: Mapping[
    Receiver, Callable[[Plan, Destination, Streams, Callable[[], datetime]], Target]
] = {
    Receiver.WEBHOOK: _webhook,
    Receiver.SPLUNK: _splunk,
    Receiver.S3: _s3,
    Receiver.SYSLOG: _syslog,
}


def _invalid(words: str) -> InvalidError:
    return InvalidError.of("address", words)
