"""What a stream of events is read as. Source: HTML, section 9.2.6."""

import itertools
import json

import pytest

from codara_client.events import LONGEST_LINE, Event, Place, events

PUSH = b'id: 7\nevent: push\ndata: {"number": 1}\n\n'


def read(*chunks: bytes):
    place = Place()
    return list(events(chunks, place)), place


@pytest.mark.parametrize(
    ("stream", "found"),
    [
        (PUSH, [Event("7", "push", {"number": 1})]),
        (PUSH.replace(b"\n", b"\r\n"), [Event("7", "push", {"number": 1})]),
        (PUSH.replace(b"\n", b"\r"), [Event("7", "push", {"number": 1})]),
        (b"\xef\xbb\xbf" + PUSH, [Event("7", "push", {"number": 1})]),
        (b"data:{}\n\n", [Event("", "message", {})]),
        (b'data: {"a":\ndata: 1}\n\n', [Event("", "message", {"a": 1})]),
        (b": a heartbeat\n\n", []),
        (b"retry: 5\nid: 3\n\n", []),
        (b"event: push\n\n" + b"data: {}\n\n", [Event("", "message", {})]),
        (b'data: {"never": "ended"}\n', []),
        (b"colour: red\ndata: {}\n\n", [Event("", "message", {})]),
    ],
)
def test_a_stream_becomes_events(stream, found):
    assert read(stream)[0] == found


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_it_does_not_matter_where_chunks_end(end):
    text = json.dumps({"word": "straße"}, ensure_ascii=False)
    stream = f"id: 1\ndata: {text}\n\nid: 2\ndata: {text}\n\n".encode().replace(b"\n", end)
    whole = read(stream)[0]

    assert [each.id for each in whole] == ["1", "2"]
    for first, second in itertools.combinations(range(len(stream)), 2):
        assert read(stream[:first], stream[first:second], stream[second:])[0] == whole


def test_the_place_follows_what_is_heard():
    _, place = read(b"retry: 1500\nid: 3\n\n" + PUSH + b"id: 4\n\n")

    assert (place.last_id, place.pause_seconds) == ("4", 1.5)


@pytest.mark.parametrize("line", [b"id: a\0b\n", b"retry: soon\n", b"retry: -1\n"])
def test_a_wrong_place_changes_nothing(line):
    assert read(line)[1] == Place()


def test_a_line_without_an_end_is_not_read_for_ever():
    with pytest.raises(ValueError, match="no end"):
        read(*[b"x" * 1024 * 1024] * (LONGEST_LINE // 1024 // 1024 + 1))
