"""Strict readers of CEF, LEEF 2.0 and RFC 5424, written from what these say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime


class NotInFormatError(Exception):
    """What was read is not in the format."""


def _insist(is_so: object, *words: object) -> None:
    if not is_so:
        raise NotInFormatError(*words)


@dataclass
class Line:
    """What a line of CEF or LEEF says."""

    header: list[str]
    fields: dict[str, str]


def read_cef(text: str) -> Line:
    _insist(len(text.splitlines()) == 1, "one line", text)
    header, rest = _cef_header(text)
    _insist(len(header) == 7, "seven fields", header)
    _insist(header[0] == "CEF:0", header[0])
    _insist(re.fullmatch(r"[0-9]|10", header[6]), "severity", header[6])
    return Line(header, _cef_extension(rest))


def _cef_header(text: str) -> tuple[list[str], str]:
    header, field, at = [], "", 0
    while len(header) < 7:
        _insist(at < len(text), "the header ends early")
        if text[at] == "\\":
            _insist(text[at + 1 : at + 2] in {"\\", "|"}, "escape in the header", text[at:])
            field += text[at + 1]
            at += 2
        elif text[at] == "|":
            header.append(field)
            field = ""
            at += 1
        else:
            field += text[at]
            at += 1
    return header, text[at:]


def _cef_extension(text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    # A key is letters and digits before an equals sign that no backslash escapes.
    starts = [
        found
        for found in re.finditer(r"(?:^| )([A-Za-z0-9_]+)=", text)
        if _is_plain(text, found.start())
    ]
    _insist(not text or (starts and starts[0].start() == 0), "begins with a key", text)
    for found, following in zip(starts, [*starts[1:], None], strict=True):
        key = found.group(1)
        _insist(key not in fields, "key twice", key)
        value = text[found.end() : following.start() if following else len(text)]
        fields[key] = _unescape(value, {"\\": "\\", "=": "=", "n": "\n", "r": "\r"}, bare="=")
    return fields


def _is_plain(text: str, at: int) -> bool:
    """Whether what begins here is no continuation of an escape."""
    slashes = len(text[:at]) - len(text[:at].rstrip("\\"))
    return slashes % 2 == 0


def _unescape(value: str, escapes: dict[str, str], *, bare: str = "") -> str:
    out, at = "", 0
    while at < len(value):
        if value[at] == "\\":
            _insist(value[at + 1 : at + 2] in escapes, "escape", value[at:])
            out += escapes[value[at + 1]]
            at += 2
            continue
        _insist(value[at] not in bare, "must be escaped", value[at:])
        out += value[at]
        at += 1
    return out


def read_leef(text: str) -> Line:
    _insist(len(text.splitlines()) == 1, "one line", text)
    parts = text.split("|", 6)
    _insist(len(parts) == 7, "five fields, a delimiter and attributes", parts)
    _insist(parts[0] == "LEEF:2.0", parts[0])
    _insist(re.fullmatch(r"x[0-9a-fA-F]{2,4}|[^\w\s]", parts[5]), "delimiter", parts[5])
    delimiter = chr(int(parts[5][1:], 16)) if len(parts[5]) > 1 else parts[5]
    fields: dict[str, str] = {}
    for attribute in parts[6].split(delimiter):
        key, equals, value = attribute.partition("=")
        _insist(equals and re.fullmatch(r"[A-Za-z0-9_]+", key), "key", attribute)
        _insist(key not in fields, "key twice", key)
        fields[key] = _unescape(value, {"\\": "\\", "t": "\t", "n": "\n", "r": "\r"})
    _insist("devTimeFormat" in fields or "devTime" not in fields, "a time without its format")
    return Line(parts[:6], fields)


@dataclass
class Syslog:
    """What a syslog message says."""

    facility: int
    severity: int
    time: datetime
    host: str
    application: str
    process: str
    message_id: str
    data: dict[str, dict[str, str]]
    message: str


HEADER = re.compile(
    rb"<(0|[1-9][0-9]{0,2})>1 "
    rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)) "
    rb"([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) "
)
NAME = re.compile(rb"[^= \]\"\x00-\x20\x7f-\xff]{1,32}")


def read_syslog(octets: bytes) -> Syslog:
    found = HEADER.match(octets)
    _insist(found, "header", octets[:200])
    assert found is not None
    priority = int(found[1])
    _insist(priority <= 191, "priority", priority)
    data, at = _structured(octets, found.end())
    rest = octets[at:]
    _insist(rest == b"" or rest.startswith(b" "), "a space before the message", rest[:50])
    message = rest[1:]
    _insist(b"\n" not in message and b"\r" not in message, "one line")
    words = [part.decode("ascii") for part in found.groups()[1:]]
    moment = datetime.fromisoformat(words[0])
    return Syslog(
        priority // 8, priority % 8, moment, *words[1:], data, message.decode("utf-8", "strict")
    )


def _structured(octets: bytes, at: int) -> tuple[dict[str, dict[str, str]], int]:
    if octets[at : at + 1] == b"-":
        return {}, at + 1
    data: dict[str, dict[str, str]] = {}
    while octets[at : at + 1] == b"[":
        name, at = _name(octets, at + 1)
        _insist(
            re.fullmatch(r"[^@]+@[0-9]+(\.[0-9]+)*", name), "an id of a private enterprise", name
        )
        _insist(name not in data, "element twice", name)
        data[name] = {}
        while octets[at : at + 1] == b" ":
            key, at = _name(octets, at + 1)
            _insist(octets[at : at + 2] == b'="', "a value in quotes", octets[at:])
            data[name][key], at = _parameter(octets, at + 2)
        _insist(octets[at : at + 1] == b"]", "the element ends", octets[at:])
        at += 1
    _insist(data, "structured data or a hyphen")
    return data, at


def _name(octets: bytes, at: int) -> tuple[str, int]:
    found = NAME.match(octets, at)
    _insist(found, "a name", octets[at:])
    assert found is not None
    return found[0].decode("ascii"), found.end()


def _parameter(octets: bytes, at: int) -> tuple[str, int]:
    out = bytearray()
    while True:
        octet = octets[at : at + 1]
        _insist(octet, "the value ends")
        if octet == b'"':
            return out.decode("utf-8", "strict"), at + 1
        _insist(octet != b"]", "a bracket must be escaped")
        if octet == b"\\":
            _insist(octets[at + 1 : at + 2] in {b'"', b"\\", b"]"}, "escape", octets[at:])
            octet = octets[at + 1 : at + 2]
            at += 1
        out += octet
        at += 1


def read_frames(octets: bytes) -> list[bytes]:
    """The messages of a connection with octet counting."""
    frames = []
    while octets:
        length, space, octets = octets.partition(b" ")
        _insist(space and re.fullmatch(rb"[1-9][0-9]*", length), "a length", length[:50])
        _insist(len(octets) >= int(length), "a whole frame")
        frames.append(octets[: int(length)])
        octets = octets[int(length) :]
    return frames
