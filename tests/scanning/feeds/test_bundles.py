"""A bundle is believed if enough keys signed it, it is whole, new and in time; else it is not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from appliance.domain.feeds import FeedFacts, FeedState, feed_state
from appliance.scanning.feeds import bundle, contents, roots
from appliance.scanning.feeds.bundle import Trust
from appliance.scanning.feeds.contents import Budget
from appliance.scanning.feeds.refusal import FeedError, Why
from appliance.security import envelopes
from appliance.services import feed_building
from tests.scanning.feeds.kit import A_MONTH, NOON, Publisher, record

RECORDS = {"PyPI": [record("GHSA-1", ("PyPI", "left-pad", "1.3"))]}
GIB = 1024**3


@pytest.fixture
def publisher(tmp_path):
    return Publisher(tmp_path / "publisher")


def unpacked(publisher, file, tmp_path, *, newest=0, now=NOON, root=None, most=GIB):
    trust = Trust(root or publisher.root(), newest, most)
    with file.open("rb") as source:
        return bundle.unpack(source, tmp_path / "out", trust, now=now)


def refused(publisher, file, tmp_path, **said: Any):
    with pytest.raises(FeedError) as raised:
        unpacked(publisher, file, tmp_path, **said)
    return raised.value.why


def test_a_signed_bundle_is_unpacked(publisher, tmp_path):
    opened = unpacked(publisher, publisher.bundle(RECORDS), tmp_path)

    assert (opened.manifest.serial, opened.manifest.files[0].path) == (1, "osv/PyPI.zip")
    assert "CC-BY-4.0" in opened.manifest.files[0].licence
    (data,) = contents.records(tmp_path / "out" / "osv" / "PyPI.zip", Budget(GIB))
    assert b"GHSA-1" in data


def test_one_key_too_few_is_not_enough_until_another_signs(publisher, tmp_path):
    file = publisher.bundle(RECORDS, signing=publisher.keys[:1])
    assert refused(publisher, file, tmp_path) is Why.UNTRUSTED

    feed_building.add_signature(file, publisher.keys[:1])
    assert refused(publisher, file, tmp_path) is Why.UNTRUSTED
    assert feed_building.add_signature(file, publisher.keys[2:]) == 2

    assert unpacked(publisher, file, tmp_path).manifest.serial == 1


def test_keys_of_others_do_not_count(publisher, tmp_path):
    other = Publisher(tmp_path / "other")

    assert refused(publisher, other.bundle(RECORDS), tmp_path) is Why.UNTRUSTED


def test_what_expired_or_is_older_is_refused(publisher, tmp_path):
    file = publisher.bundle(RECORDS, serial=7)

    assert refused(publisher, file, tmp_path, newest=7) is Why.ROLLBACK
    assert refused(publisher, file, tmp_path, newest=8) is Why.ROLLBACK
    assert refused(publisher, file, tmp_path, now=NOON + A_MONTH) is Why.EXPIRED


def test_it_is_never_cut_nor_changed_nor_added_to(publisher, tmp_path):
    whole = publisher.bundle(RECORDS).read_bytes()
    cut, changed = tmp_path / "cut", bytearray(whole)
    where = whole.index(b"GHSA-1.json")
    changed[where + 40] ^= 1
    for number, (data, why) in enumerate(
        [
            (b"", Why.TRUNCATED),
            (whole[:700], Why.TRUNCATED),
            (whole[: where + 20], Why.TRUNCATED),
            (whole.rstrip(b"\0"), Why.TRUNCATED),
            (bytes(changed), Why.ALTERED),
            (whole + b"more", Why.ALTERED),
            (b"PK\x03\x04" + bytes(600), Why.MALFORMED),
        ]
    ):
        cut.write_bytes(data)
        assert refused(publisher, cut, tmp_path / str(number)) is why, number


def test_less_than_nothing_is_no_size(publisher, tmp_path):
    file = publisher.bundle(RECORDS)
    data = bytearray(file.read_bytes())
    data[124:136], data[148:156] = b"-0000000017\0", b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    file.write_bytes(data)

    assert refused(publisher, file, tmp_path) is Why.MALFORMED


def test_half_a_character_is_no_type_of_an_envelope():
    with pytest.raises(envelopes.EnvelopeError):
        envelopes.read(b'{"payloadType": "\\ud800", "payload": "", "signatures": []}')


def test_more_than_may_come_is_refused(publisher, tmp_path):
    file = publisher.bundle(RECORDS)

    assert refused(publisher, file, tmp_path, most=10) is Why.TOO_LARGE


def test_a_bomb_goes_off_nowhere(publisher, tmp_path, monkeypatch):
    huge = record("GHSA-2", ("PyPI", "left-pad", "1.3"), details="0" * 2_000_000)
    file = publisher.bundle({"PyPI": [huge] * 1})
    unpacked(publisher, file, tmp_path)
    zipped = tmp_path / "out" / "osv" / "PyPI.zip"
    assert zipped.stat().st_size < 10_000

    with pytest.raises(FeedError) as raised:
        list(contents.records(zipped, Budget(1_000_000)))
    assert raised.value.why is Why.TOO_LARGE
    zipped.write_bytes(zipped.read_bytes()[:-30])
    with pytest.raises(FeedError) as raised:
        list(contents.records(zipped, Budget(GIB)))
    assert raised.value.why is Why.MALFORMED


def test_a_later_version_of_the_format_is_not_guessed_at(publisher, tmp_path):
    root = roots.write(publisher.root())
    later = envelopes.Envelope(root.type, root.payload.replace(b'"version": 1', b'"version": 2'))

    with pytest.raises(FeedError) as raised:
        roots.trusted_at_first(later, now=NOON)
    assert raised.value.why is Why.UNKNOWN_VERSION


def test_keys_are_exchanged_by_those_before(publisher, tmp_path):
    new = Publisher(tmp_path / "new")
    both = [*publisher.keys[:2], *new.keys[:2]]
    second = new.root_file("2.json", signing=both, number=2)
    file = new.bundle(RECORDS, chain=[second])

    opened = unpacked(publisher, file, tmp_path)

    assert (opened.root.number, len(opened.new_roots)) == (2, 1)
    old = publisher.bundle(RECORDS, serial=2)
    assert refused(publisher, old, tmp_path / "2", root=opened.root) is Why.UNTRUSTED


@pytest.mark.parametrize("signs", ["old", "new"])
def test_keys_are_exchanged_by_both_or_not_at_all(signs, publisher, tmp_path):
    new = Publisher(tmp_path / "new")
    signing = (publisher if signs == "old" else new).keys[:2]
    second = new.root_file("2.json", signing=signing, number=2)

    assert refused(publisher, new.bundle(RECORDS, chain=[second]), tmp_path) is Why.UNTRUSTED


def test_no_root_is_skipped(publisher, tmp_path):
    third = publisher.root_file("3.json", number=3)

    assert refused(publisher, publisher.bundle(RECORDS, chain=[third]), tmp_path) is Why.UNTRUSTED


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (None, FeedState.EMPTY),
        ({"advisories": 0}, FeedState.EMPTY),
        ({"is_sample": True}, FeedState.SAMPLE),
        ({"expires_at": NOON}, FeedState.EXPIRED),
        ({"made_at": NOON - timedelta(days=7, seconds=1)}, FeedState.STALE),
        ({"made_at": NOON - timedelta(days=7)}, FeedState.FRESH),
    ],
)
def test_only_a_fresh_feed_lets_nothing_mean_nothing(facts, state):
    known = {"serial": 1, "made_at": NOON, "expires_at": NOON + A_MONTH, "advisories": 5}
    found = None if facts is None else FeedFacts(**{**known, **facts})

    assert feed_state(found, now=NOON) is state
    assert state.is_known is (state is FeedState.FRESH)
