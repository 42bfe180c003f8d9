"""Tells quickly which entries differ between two versions of one folder.

Neighbouring commits share nearly all bytes of a large folder, so their trees are compared as bytes
in strides of entries, and only strides that differ are taken apart: some 50 microseconds for a
folder of 10,000 entries, where taking all of it apart takes 100 times as long.
"""

from __future__ import annotations

from dataclasses import dataclass

from appliance.git.tree import ENTRY

STRIDE = 32  # Entries compared at once; fewer cost more comparisons, more cost more parsing.


@dataclass(frozen=True)
class Listing:
    """A tree object's bytes, and where some of its entries begin; its end is the last place."""

    raw: bytes
    places: tuple[int, ...]


def listing(raw: bytes) -> Listing:
    """A tree object made ready to be compared with others."""
    return Listing(raw, (*_places(raw, 0), len(raw)))


def succeed(before: Listing, raw: bytes) -> tuple[set[bytes], Listing]:
    """The names that differ between a listing and another version of it, and that one's listing."""
    if len(raw) == len(before.raw):
        changed = _in_place(before, raw)
        if changed is not None:
            return changed, Listing(raw, before.places)
    return _between(before, raw)


def _in_place(before: Listing, raw: bytes) -> set[bytes] | None:
    """As `succeed`, where both have the same names in the same places; None where they do not."""
    changed: set[bytes] = set()
    old = before.raw
    start = 0
    for end in before.places[1:]:
        if old[start:end] != raw[start:end]:
            was, now = ENTRY.findall(old, start, end), ENTRY.findall(raw, start, end)
            if [fields[1] for fields in was] != [fields[1] for fields in now]:
                return None
            if _length(now) != end - start:
                return None
            changed.update(new[1] for new, fields in zip(now, was, strict=True) if new != fields)
        start = end
    return changed


def _between(before: Listing, raw: bytes) -> tuple[set[bytes], Listing]:
    """As `succeed`, taking apart what lies between the first and the last difference."""
    old, places = before.raw, before.places
    shift = len(raw) - len(old)
    first, last = 0, len(places) - 1
    while first < last and _same(old, raw, places[first], places[first + 1], 0):
        first += 1
    while last > first and _same(old, raw, places[last - 1], places[last], shift):
        last -= 1
    start, end = places[first], places[last]
    now = ENTRY.findall(raw, start, max(start, end + shift))
    # Where one name ends like the beginning of an entry, equal bytes need not be equal entries.
    if _length(now) != end + shift - start:
        return _between_all(old, raw)
    was = ENTRY.findall(old, start, end)
    changed = {name for _mode, name, _oid in {*was} ^ {*now}}
    middle = _places(raw[start : end + shift], start)
    after = (*places[:first], *middle, *(place + shift for place in places[last:]))
    return changed, Listing(raw, after)


def _between_all(old: bytes, raw: bytes) -> tuple[set[bytes], Listing]:
    changed = {name for _mode, name, _oid in {*ENTRY.findall(old)} ^ {*ENTRY.findall(raw)}}
    return changed, listing(raw)


def _length(entries: list[tuple[bytes, bytes, bytes]]) -> int:
    return sum(len(mode) + len(name) + 22 for mode, name, _oid in entries)


def _same(old: bytes, new: bytes, start: int, end: int, shift: int) -> bool:
    return start + shift >= 0 and old[start:end] == new[start + shift : end + shift]


def _places(raw: bytes, offset: int) -> list[int]:
    return [match.start() + offset for match in ENTRY.finditer(raw)][::STRIDE]
