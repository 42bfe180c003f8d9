"""Good exports of made-up logs, and the means to change them: for tests only.

A `Log` is what an appliance has; an `Export` what it hands out; its files are a dict of bytes, so
that a test can change one and write them to a folder. `seal` signs a changed export again, as a
dishonest appliance would; whoever only carries the export cannot do that.
"""

import base64
import gzip
import hashlib
import itertools
import json
import zipfile
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import entry, heartbeats, merkle, note, proof
from audit.canonical import canonical
from tests.audit.signers import Signer, base64url, bytes_for, signed, witness

HOST = "codara.test/audit"
SOURCES = (("north", "boot-a"), ("north", "boot-b"), ("south", "boot-c"))
ACTIONS = ("repo.archived", "git.pushed", "session.revoked", "git.fetched", "user.renamed")
EARLIER = (17, 1000, 2048, 4096)


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
        self.set_body(index, details or None)
        return index

    def set_body(self, index, details):
        salt = bytes_for(self.name, index, "body")
        self.headers[index]["b"] = entry.commit_body(salt, details) if details else None
        if details:
            self.bodies[index] = salt, details

    def beat(self, source, **changes: object):
        """A heartbeat of a process, about everything that it did before."""
        body = {
            "committed": self.committed.get(source, 0),
            "log": self.name,
            "unknown": 0,
            "up_to": self.numbers.get(source, 0),
        } | changes
        counts = tuple(body[name] for name in heartbeats.COUNTS)
        text = heartbeats.signed_text(self.name, source, counts)
        body.setdefault("signature", base64url(node_key(source).sign(text)))
        return self.add(heartbeats.ACTION, body, source=source)

    def start(self, source):
        public = node_key(source).public_key().public_bytes_raw()
        return self.add(heartbeats.STARTED, {"key": base64url(public)}, source=source)

    def erase(self, *fields: object):
        """Erase values `(index, field)`, and say so in an entry."""
        by = self.add("privacy.erased", {"values": len(fields)})
        for index, name in fields:
            self.values[index] = [each for each in self.values[index] if each[0] != name]
            self.tombstones.append(
                {"by": by, "end": index + 1, "field": name, "i": index, "why": "erased"}
            )
        return by

    def prune(self, first, end, *, what="bodies"):
        """Let the bodies of a range go, and say so in an entry."""
        by = self.add("log.pruned", {"end": end, "first": first, "what": what})
        for index in range(first, end):
            self.bodies.pop(index, None)
            self.values.pop(index, None)
        if what == "bodies":
            self.tombstones.append(
                {"by": by, "end": end, "field": None, "i": first, "why": "pruned"}
            )
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


@dataclass(frozen=True)
class Export:
    """What an appliance hands out."""

    logs: tuple
    selection: object = ("all",)
    disclosure: str = "all"
    first: int = 0
    end: int | None = None
    minimum: int = 0
    earlier: tuple = EARLIER
    signers: tuple = ()
    """Of each log; by default one key under its origin."""
    witnesses: tuple = (witness("revision"), witness("works-council"))
    known_sizes: tuple = ()

    def signers_of(self, log):
        return self.signers or (Signer(log.origin),)

    def trust(self, needed=1, **changes: object):
        said = {
            "format": "codara-audit-trust/1",
            "logs": [
                {
                    "keys": [
                        {"from": 0, "until": None, "vkey": str(each.key)}
                        for each in self.signers_of(log)
                    ],
                    "origin": log.origin,
                }
                for log in self.logs
            ],
            "quorum": {"k": needed, "of": ["first", "second"]},
            "witnesses": [
                {"name": "first", "vkey": str(witness("revision").key)},
                {"name": "second", "vkey": str(witness("works-council").key)},
            ],
        } | changes
        return json.dumps(said).encode()

    def files(self):
        """Every file by name, signed."""
        files, parts = {}, []
        for log in self.logs:
            folder = f"logs/{log.name}"
            made, part = self._log(log)
            files |= {f"{folder}/{name}": data for name, data in made.items()}
            parts.append(part | {"folder": folder})
        files["bundle.json"] = canonical(
            {
                "disclosure": self.disclosure,
                "format": "codara-audit-bundle/1",
                "logs": parts,
                "made_at": "2026-11-20T21:00:00Z",
                "query": None,
                "selection": listed(self.selection),
                "version": "0.2.0",
            }
        )
        seal(files, self.signers_of(self.logs[0]))
        return files

    def _log(self, log):
        from audit import selection  # noqa: PLC0415

        size = len(log.headers)
        end = size if self.end is None else self.end
        chosen = selection.compiled(listed(self.selection))
        told = [i for i in range(self.first, end) if i in log.bodies and chosen(log.headers[i])]
        tombs = tombstones(log, self.first, end, set(told))
        files = {
            "checkpoint": signed(str(log.checkpoint()), (*self.signers_of(log), *self.witnesses)),
            "checkpoints.jsonl": self._earlier(log, end),
            "headers.jsonl.gz": packed(log.leaves()[self.first : end]),
            "bodies.jsonl.gz": packed(body_line(log, i) for i in told),
            "values.jsonl.gz": packed(line for i in told for line in value_lines(log, i)),
            "tombstones.jsonl": joined(canonical(each) for each in tombs),
        }
        files |= self._proofs(log, end, tombs)
        part = {
            "bodies": len(told),
            "end": end,
            "first": self.first,
            "log": log.name,
            "minimum": self.minimum,
            "origin": log.origin,
            "size": size,
            "values": sum(len(log.values.get(i, ())) for i in told),
        }
        return files, part

    def _earlier(self, log, end):
        sizes = [each for each in self.earlier if self.first <= each <= end]
        return joined(
            canonical({"note": signed(str(log.checkpoint(s)), self.signers_of(log)).decode()})
            for s in sizes
        )

    def _proofs(self, log, end, tombs):
        files, node, size = {}, log.node(), len(log.headers)
        if self.first:
            hashes = merkle_edge(log, self.first)
            files["edge.json"] = canonical({"first": self.first, "hashes": hashes})
        froms = sorted({*self.known_sizes, *([end] if end < size else [])})
        if froms:
            files["consistency.jsonl"] = joined(
                canonical({"from": s, "proof": texts(merkle.consistency_proof(s, size, node))})
                for s in froms
            )
        beyond = sorted({each["by"] for each in tombs if each["by"] >= end})
        if beyond:
            files["outside.jsonl"] = joined(outside_line(log, i, node) for i in beyond)
        return files


def listed(value):
    return [listed(each) for each in value] if isinstance(value, (tuple, list)) else value


def tombstones(log, first, end, told):
    """Those of a range: of bodies, and of values of the bodies that are told."""
    found = []
    for each in log.tombstones:
        if each["field"] is None and each["i"] < end and each["end"] > first:
            found.append(each | {"i": max(first, each["i"]), "end": min(end, each["end"])})
        elif each["i"] in told:
            found.append(each)
    return sorted(found, key=lambda each: (each["i"], each["field"] or ""))


def body_line(log, index):
    salt, members = log.bodies[index]
    return canonical({"body": members, "i": index, "salt": base64url(salt)}, deepest=9)


def value_lines(log, index):
    for name, salt, text in sorted(log.values.get(index, ())):
        yield canonical({"field": name, "i": index, "salt": base64url(salt), "value": text})


def outside_line(log, index, node):
    salt, members = log.bodies[index]
    return canonical(
        {
            "body": members,
            "header": log.headers[index],
            "i": index,
            "proof": texts(merkle.inclusion_proof(index, len(log.headers), node)),
            "salt": base64url(salt),
        }
    )


def merkle_edge(log, size):
    frontier = merkle.Frontier()
    for leaf in log.leaves()[:size]:
        frontier.append(merkle.leaf_hash(leaf))
    return texts(frontier.hashes)


def texts(hashes):
    return [base64.b64encode(each).decode() for each in hashes]


def joined(lines):
    return b"".join(line + b"\n" for line in lines)


def packed(lines):
    return gzip.compress(joined(lines), compresslevel=1, mtime=0)


def unpacked(data):
    return gzip.decompress(data).splitlines()


def seal(files, signers, **changes: object):
    """Write the manifest again for the files as they are, and sign it."""
    said = json.loads(files["bundle.json"]) | changes
    said["files"] = [
        {"bytes": len(data), "name": name, "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in sorted(files.items())
        if name not in {"bundle.json", "manifest.note"}
    ]
    files["bundle.json"] = canonical(said)
    text = f"codara-audit-bundle/1\n{hashlib.sha256(files['bundle.json']).hexdigest()}\n"
    files["manifest.note"] = signed(text, [s for s in signers if isinstance(s, Signer)])


def write(files, folder):
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def write_zip(files, path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as made:
        for name, data in sorted(files.items()):
            made.writestr(name, data)
    return path


def tlog_proof(log, index, signers):
    hashes = tuple(merkle.inclusion_proof(index, len(log.headers), log.node()))
    return str(proof.Proof(index, hashes, signed(str(log.checkpoint()), signers)))
