"""Makes commit objects: new ones, and ones that repeat what another commit says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pygit2.enums import ObjectType

from appliance.errors import DamagedError
from appliance.git import commits, signed
from appliance.git.commits import Person
from appliance.git.handles import DAMAGED, EMPTY_TREE, Handle, Kind
from appliance.git.ref_changes import signature_line
from appliance.git.signed import Sign


@dataclass(frozen=True)
class Maker:
    """Who makes commits, and what signs them."""

    person: Person
    sign: Sign | None = None


@dataclass(frozen=True)
class Original:
    """What a commit says, whole and in UTF-8 where it tells how it is written."""

    oid: str
    tree: str
    parents: tuple[str, ...]
    author: bytes
    """The line as it stands, with the author's own time and zone."""
    message: bytes

    @property
    def subject(self) -> bytes:
        """The first paragraph of the message on one line."""
        first = self.message.lstrip(b"\n").split(b"\n\n", 1)[0]
        return b" ".join(first.split(b"\n")).strip()


def original(handle: Handle, oid: str) -> Original:
    """What a commit says.

    Errors:
        DamagedError: it cannot be read, or has no author.
    """
    raw = handle.read(oid, Kind.COMMIT)
    parsed = commits.parse(oid, raw)
    head, _, message = raw.partition(b"\n\n")
    fields = dict(line.partition(b" ")[::2] for line in reversed(head.split(b"\n")))
    encoding = fields.get(b"encoding", b"")
    author = fields.get(b"author")
    if author is None:
        raise DamagedError(DAMAGED)
    return Original(
        oid=oid,
        tree=parsed.tree,
        parents=parsed.parents,
        author=commits.to_utf8(author, encoding),
        message=commits.to_utf8(message, encoding),
    )


def tree_of(handle: Handle, commit: str | None) -> str:
    """The tree of a commit; the empty one of none."""
    return original(handle, commit).tree if commit is not None else EMPTY_TREE


def make(
    handle: Handle,
    tree: str,
    parents: Sequence[str],
    message: bytes,
    maker: Maker,
    *,
    author: bytes | None = None,
) -> str:
    """Write a commit and give its id. `author` is the line of somebody else than the maker."""
    lines = [b"tree " + tree.encode()]
    lines += [b"parent " + parent.encode() for parent in parents]
    person = signature_line(maker.person)
    lines += [b"author " + (author or person), b"committer " + person]
    raw = b"\n".join(lines) + b"\n\n" + message.replace(b"\0", b"")
    if maker.sign is not None:
        raw = signed.with_signature(raw, maker.sign(raw))
    return str(handle.repository.write(ObjectType.COMMIT, raw))


def tidied(message: bytes) -> bytes:
    """A message as somebody typed it, without space around it and with a line's end."""
    return message.replace(b"\0", b"").strip() + b"\n"
