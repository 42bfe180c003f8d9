"""The tree over the entries of a log: its root, and proofs about it.

Everything here is pure: hashes in, hashes out. A hash is 32 bytes of SHA-256. What is stored is
asked for through `node`, a function that gives the hash of a complete subtree: `node(level, index)`
stands for the entries from `index * 2**level` up to `(index + 1) * 2**level`.

Source: RFC 9162, section 2.1 (the same tree as RFC 6962).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256().digest()
LONGEST_PROOF = 64
"""Hashes in a proof about the largest tree: 2**63 entries, and one more for consistency."""

Node = Callable[[int, int], bytes]


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash above two others."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a tree: all that is needed to let it grow and to know its root.

    Shapes: `hashes` has one hash for each one bit of `size`, that of the largest subtree first.
    """

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        if size < 0 or len(hashes) != size.bit_count():
            raise ValueError(
                f"a tree of {size} has {max(size, 0).bit_count()} subtrees at its edge"
            )
        if any(len(each) != HASH_BYTES for each in hashes):
            raise ValueError(f"a hash has {HASH_BYTES} bytes")
        self.size = size
        self.hashes = list(hashes)

    def append(self, leaf: bytes) -> None:
        """Add the hash of one more entry."""
        complete, rest = leaf, self.size
        while rest & 1:
            complete = node_hash(self.hashes.pop(), complete)
            rest >>= 1
        self.hashes.append(complete)
        self.size += 1

    def root(self) -> bytes:
        """The root of the tree as it is now."""
        return _fold(self.hashes)

    def to_bytes(self) -> bytes:
        """The hashes one after another; the size is not in it."""
        return b"".join(self.hashes)

    @classmethod
    def of(cls, size: int, stored: bytes) -> Frontier:
        """What `to_bytes` gave for a tree of this size.

        Errors:
            ValueError: it does not belong to a tree of this size.
        """
        if len(stored) % HASH_BYTES:
            raise ValueError("the edge ends in the middle of a hash")
        starts = range(0, len(stored), HASH_BYTES)
        return cls(size, [stored[start : start + HASH_BYTES] for start in starts])


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over these leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def root_at(size: int, node: Node) -> bytes:
    """The root that the tree had at a size."""
    return _range_root(0, size, node) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """The proof that the entry at `index` is in the tree of `size`.

    Shapes: at most 63 hashes, the leaf's sibling first.
    Errors:
        ValueError: there is no such entry.
        Source: RFC 9162, 2.1.3.1.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} has no entry {index}")
    start, end, proof = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range_root(middle, end, node))
            end = middle
        else:
            proof.append(_range_root(start, middle, node))
            start = middle
    return proof[::-1]


def consistency_proof(first: int, second: int, node: Node) -> list[bytes]:
    """The proof that the tree of `second` begins with all entries of the tree of `first`.

    Shapes: at most 64 hashes; none when the sizes are equal or the first is empty.
    Errors:
        ValueError: the first is larger.
    Source: RFC 9162, 2.1.4.1.
    """
    if not 0 <= first <= second:
        raise ValueError(f"a tree of {first} does not come before one of {second}")
    if first in {0, second}:
        return []
    start, end, proof = 0, second, []
    while end != first:
        middle = start + _split(end - start)
        if first <= middle:
            proof.append(_range_root(middle, end, node))
            end = middle
        else:
            proof.append(_range_root(start, middle, node))
            start = middle
    if start:
        proof.append(_range_root(start, end, node))
    return proof[::-1]


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether a proof shows that this leaf hash is at `index` of the tree with this root.

    Source: RFC 9162, 2.1.3.2.
    """
    if not (0 <= index < size and _are_hashes([leaf, root, *proof])):
        return False
    position, last, computed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            computed = node_hash(sibling, computed)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            computed = node_hash(computed, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and computed == root


def is_consistent(
    first: int, first_root: bytes, second: int, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether a proof shows that the second tree begins with the whole of the first.

    Source: RFC 9162, 2.1.4.2.
    """
    if not (0 <= first <= second and _are_hashes([first_root, second_root, *proof])):
        return False
    if first == second:
        return not proof and first_root == second_root
    if first == 0:
        return not proof and first_root == EMPTY_ROOT
    return _is_longer(first, first_root, second, second_root, proof)


def can_be_consistent(first: int, second: int, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether a proof leads to the second tree from any first tree of its size.

    What it says of the first one is for whoever knows its root: see `is_consistent`. Of a first
    tree that is one complete subtree nothing but the length of the proof can be said without it.
    """
    if not (0 < first < second and _are_hashes([second_root, *proof])):
        return False
    is_complete = first & (first - 1) == 0
    roots = _climbed(first, second, [bytes(HASH_BYTES), *proof] if is_complete else list(proof))
    return roots is not None and (is_complete or roots[1] == second_root)


def _is_longer(
    first: int, first_root: bytes, second: int, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    # A first tree that is one complete subtree is its own first hash.
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    return _climbed(first, second, path) == (first_root, second_root)


def _climbed(first: int, second: int, path: list[bytes]) -> tuple[bytes, bytes] | None:
    """The roots of both trees that a path makes; None where it is longer or shorter than it is."""
    if not path:
        return None
    position, last = first - 1, second - 1
    while position & 1:
        position >>= 1
        last >>= 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return None
        if position & 1 or position == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            new = node_hash(new, sibling)
        position >>= 1
        last >>= 1
    return (old, new) if last == 0 else None


def _are_hashes(values: Sequence[bytes]) -> bool:
    return all(len(value) == HASH_BYTES for value in values) and len(values) <= LONGEST_PROOF + 2


def _split(count: int) -> int:
    """The largest power of two smaller than `count`, which is at least 2."""
    return 1 << (count - 1).bit_length() - 1


def _range_root(start: int, end: int, node: Node) -> bytes:
    """The root over the entries from `start` up to `end`, as a proof cuts the tree."""
    hashes = []
    while start < end:
        level = (end - start).bit_length() - 1
        hashes.append(node(level, start >> level))
        start += 1 << level
    return _fold(hashes)


def _fold(hashes: Sequence[bytes]) -> bytes:
    if not hashes:
        return EMPTY_ROOT
    *rest, computed = hashes
    for each in reversed(rest):
        computed = node_hash(each, computed)
    return computed
