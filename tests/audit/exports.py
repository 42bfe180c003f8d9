"""Good exports of made-up logs, and the means to change them: for tests only.

A `Log` is what an appliance has; an `Export` what it hands out; its files are a dict of bytes, so
that a test can change one and write them to a folder. `seal` signs a changed export again, as a
dishonest appliance would; whoever only carries the export cannot do that.
"""

import base64
import gzip
import hashlib
import json
import zipfile
from dataclasses import dataclass

from audit import merkle, proof
from audit.canonical import canonical
from tests.audit.logs import HOST, SOURCES, Log, node_key, story  # noqa: F401 - handed on.
from tests.audit.signers import Signer, base64url, signed, witness

EARLIER = (17, 1000, 2048, 4096)


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
