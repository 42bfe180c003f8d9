"""A log of a few entries, which can also do what a log never should."""

from __future__ import annotations

from audit import merkle, note
from tests.audit.signers import Signer
from witness import request

ORIGIN = "codara.test/audit/instance"


class Log:
    """Entries, and a key that signs states of them."""

    def __init__(self, origin: str = ORIGIN, entries: int = 0, word: str = "entry") -> None:
        self.signer = Signer(origin)
        self.word = word
        self.leaves: list[bytes] = []
        self.grow(entries)

    @property
    def key(self) -> note.Key:
        return self.signer.key

    def grow(self, entries: int) -> Log:
        for _ in range(entries):
            text = f"{self.word} {len(self.leaves)}"
            self.leaves.append(merkle.leaf_hash(text.encode()))
        return self

    def forked_at(self, size: int) -> Log:
        """Another history with the same key that shares the first entries."""
        other = Log(self.key.name, word="another")
        other.leaves = self.leaves[:size]
        return other

    def checkpoint(self, size: int | None = None) -> str:
        size = len(self.leaves) if size is None else size
        root = merkle.root_of(self.leaves[:size])
        text = str(note.Checkpoint(self.key.name, size, root))
        return f"{text}\n{self.signer.line(text)}\n"

    def proof(self, old: int, size: int | None = None) -> list[bytes]:
        size = len(self.leaves) if size is None else size

        def node(level: int, index: int) -> bytes:
            return merkle.root_of(self.leaves[index << level : (index + 1) << level])

        return merkle.consistency_proof(old, size, node)

    def request(self, old: int = 0, size: int | None = None) -> bytes:
        return request.write(old, self.proof(old, size), self.checkpoint(size))
