"""Made-up logs as an appliance has them, and what dishonest ones may hold: for tests only."""

import itertools
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import entry, heartbeats, merkle, note, permissions
from audit.canonical import canonical
from tests.audit.signers import Signer, base64url, bytes_for

HOST = "codara.test/audit"
SOURCES = (("north", "boot-a"), ("north", "boot-b"), ("south", "boot-c"))
ACTIONS = ("repo.archived", "git.pushed", "session.revoked", "git.fetched", "user.renamed")


@dataclass
class Log:
    """A log as an appliance has it."""

    name: str = "instance"
    origin: str = f"{HOST}/instance"
    headers: list = field(default_factory=list)
    bodies: dict = field(default_factory=dict)
    values: dict = field(default_factory=dict)
    tombstones: list = field(default_factory=list)
    numbers: dict = field(default_factory=dict)
    committed: dict = field(default_factory=dict)
    signed_by: dict = field(default_factory=dict)
    """As which log, and by which key, what allows something is signed."""

    def add(self, action, body=None, *, personal=None, source=SOURCES[0], **members: object):
        """One event; gives its index."""
        index = len(self.headers)
        self.numbers[source] = self.numbers.get(source, 0) + 1
        self.committed[source] = self.committed.get(source, 0) + 1
        details = dict(body or {})
        for name, text in (personal or {}).items():
            salt = bytes_for(self.name, index, name)
            details[name] = entry.commit_personal(name, salt, text)
            self.values.setdefault(index, []).append((name, salt, text))
        self.headers.append(self._header(index, action, source, members))
        if action in permissions.ACTIONS:
            details = self.permitted(self.headers[index], details, **self.signed_by)
        self.set_body(index, details or None)
        return index

    def permitted(self, header, body, *, origin=None, seed=None):
        """The body, signed as what allows something; one that says its own signature keeps it."""
        text = permissions.signed_text(origin or self.origin, header, body)
        sign = lambda key: base64url(key.private.sign(text))  # noqa: E731 - a word for it here.
        signed_body = {"signature": sign(Signer(self.origin, seed=seed)), **body}
        if header["action"] == permissions.ROTATED and "new" in body:
            signed_body.setdefault("signature_new", sign(Signer(self.origin, seed="new key")))
        return signed_body

    def set_body(self, index, details):
        salt = bytes_for(self.name, index, "body")
        self.headers[index]["b"] = entry.commit_body(salt, details) if details else None
        if details:
            self.bodies[index] = salt, details

    def beat(self, source, **changes: object):
        """A heartbeat of a process, about everything that it did before."""
        body = (
            {
                "committed": self.committed.get(source, 0),
                "log": self.name,
                "unknown": 0,
                "up_to": self.numbers.get(source, 0),
            }
            | self.certified(source)
            | changes
        )
        counts = tuple(body[name] for name in heartbeats.COUNTS)
        text = heartbeats.signed_text(self.name, source, counts)
        body.setdefault("signature", base64url(node_key(source).sign(text)))
        return self.add(heartbeats.ACTION, body, source=source)

    def start(self, source, **changes: object):
        return self.add(heartbeats.STARTED, self.certified(source) | changes, source=source)

    def certified(self, source, *, key=None, signer=None):
        """A process's key, and what the log's key signed of it."""
        public = (key or node_key(source)).public_key().public_bytes_raw()
        text = permissions.node_text(self.name, source, public)
        certificate = (signer or Signer(self.origin)).private.sign(text)
        return {"certificate": base64url(certificate), "key": base64url(public)}

    def erase(self, *fields: object, **members: object):
        """Erase values `(index, field)`, and say so in an entry."""
        by = self._allow("privacy.erased", {"values": len(fields)}, members)
        for index, name in fields:
            self.values[index] = [each for each in self.values[index] if each[0] != name]
            self.tombstones.append(
                {"by": by, "end": index + 1, "field": name, "i": index, "why": "erased"}
            )
        return by

    def prune(self, first, end, *, what="bodies", **members: object):
        """Let the bodies of a range go, and say so in an entry."""
        by = self._allow("log.pruned", {"end": end, "first": first, "what": what}, members)
        for index in range(first, end):
            self.bodies.pop(index, None)
            self.values.pop(index, None)
        if what == "bodies":
            self.tombstones.append(
                {"by": by, "end": end, "field": None, "i": first, "why": "pruned"}
            )
        return by

    def again(self, action, **changes: object):
        """The last entry of an action once more, word by word but for changes in its body."""
        last = max(n for n, each in enumerate(self.headers) if each["action"] == action)
        index = self.add(action, self.bodies[last][1] | changes)
        self.headers[index] = dict(self.headers[last])
        self.set_body(index, self.bodies[index][1])
        return index

    def last_told(self):
        return next(i for i in sorted(self.values, reverse=True) if len(self.values[i]) > 1)

    def stolen(self, source, **counts: object):
        """A process's key, certificate and signature as a stranger makes them."""
        key, stranger = node_key("stranger"), Signer(self.origin, seed="stranger")
        body = {
            "committed": self.committed.get(source, 0),
            "unknown": 0,
            "up_to": self.numbers.get(source, 0),
        } | counts
        numbers = tuple(body[name] for name in heartbeats.COUNTS)
        signature = key.sign(heartbeats.signed_text(self.name, source, numbers))
        certified = self.certified(source, key=key, signer=stranger)
        return body | certified | {"signature": base64url(signature)}

    def _allow(self, action, body, members):
        """An entry that allows something, signed; `origin` and `seed` let others sign it."""
        self.signed_by = {n: members.pop(n) for n in ("origin", "seed") if n in members}
        by = self.add(action, body | members)
        self.signed_by = {}
        return by

    def leaves(self):
        return [canonical(header) for header in self.headers]

    def node(self, size=None):
        hashes = [merkle.leaf_hash(leaf) for leaf in self.leaves()[:size]]
        return lambda level, at: merkle.root_of(hashes[at << level : (at + 1) << level])

    def root(self, size):
        return merkle.root_of(merkle.leaf_hash(leaf) for leaf in self.leaves()[:size])

    def checkpoint(self, size=None):
        size = len(self.headers) if size is None else size
        return note.Checkpoint(self.origin, size, self.root(size))

    def _header(self, index, action, source, members):
        return {
            "action": action,
            "actor": {"ref": f"p_{index % 7}", "type": "user"},
            "auth": {"method": "session", "mfa": True, "token_ref": ""},
            "b": None,
            "category": action.partition(".")[0],
            "id": f"01990000-0000-7000-8000-{index:012x}",
            "log": self.name,
            "outcome": "success",
            "request_id": f"r-{index}",
            "src": {"boot": source[1], "n": self.numbers[source], "node": source[0]},
            "target": {"ref": f"t-{index % 11}", "type": "repository"},
            "time": moment(index),
            "v": 1,
        } | members


def moment(index):
    day, hour, minute = 1 + index // 4000, index // 60 % 24, index % 60
    return f"2026-11-{day:02d}T{hour:02d}:{minute:02d}:00.000000Z"


def node_key(source):
    return Ed25519PrivateKey.from_private_bytes(bytes_for("node", source))


def story(count, **members: object):
    """A log of that many events: some personal, some erased, some pruned, with heartbeats."""
    log = Log(**members)
    for source in SOURCES:
        log.start(source)
    for number in itertools.count():
        if len(log.headers) >= count - 6:
            break
        source = SOURCES[number % 3]
        if number % 50 == 49:
            log.beat(source)
        elif number % 5 == 4:
            log.add("user.renamed", {"reason": "wish"}, personal=person(number), source=source)
        else:
            body = {"number": number, "path": "lab/notes"} if number % 4 else None
            log.add(ACTIONS[number % 4], body, source=source)
    owners = sorted(log.values)
    log.erase((owners[-1], "name"), (owners[-2], "address"))
    log.prune(3, min(9, count // 4))
    for source in SOURCES:
        log.beat(source)
    log.add("repo.archived", {"number": 1})
    return log


def person(number):
    return {"address": f"192.0.2.{number % 250}", "name": f"Person {number}"}
