"""Bytes, numbers and times become words for people.

The one place where git's bytes are decoded, and the one place that knows how sizes, ages and object
ids are written. Templates reach these functions as filters; see `register`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from urllib.parse import quote
from zlib import crc32

from babel.dates import format_timedelta
from babel.numbers import format_compact_decimal
from flask import Flask
from flask_babel import format_decimal, get_locale, gettext, ngettext
from markupsafe import Markup, escape

from appliance.web import characters

OID_LENGTH = 10
HUES = 8
UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB")
BINARY_STEP = 1024
WHOLE_FROM = 100  # 99.5 KiB, but 100 KiB: three digits say enough.
COMPACT_FROM = 10_000
ODD = Markup('<span class="odd" title="{}">{}</span>')
DIRECTION_SAFE = Markup("<bdi>{}</bdi>")


# --- names and texts ---


def name_text(raw: bytes | str) -> str:
    r"""A name as plain text, for titles and labels; a stray byte becomes `\xNN`."""
    text = characters.decode(raw)
    return _replace(text, characters.odd_places(text, in_name=True))


def name(raw: bytes | str) -> Markup:
    """A name as HTML: what cannot be seen is marked, and foreign directions stay inside it."""
    text = characters.decode(raw)
    if text.isascii() and text.isprintable() and text[:1].isalnum() and text[-1:].isalnum():
        return escape(text)  # Anything else could turn around on a page written right to left.
    return DIRECTION_SAFE.format(_mark(text, characters.odd_places(text, in_name=True)))


def text(raw: bytes | str) -> Markup:
    """Several lines of a person's words as HTML: as `name`, but line breaks and tabs may stay."""
    words = characters.decode(raw).replace("\r\n", "\n")
    return _mark(words, characters.odd_places(words, in_name=False))


def subject(message: bytes | str) -> Markup:
    """The first line of a commit's message, or words that say it has none."""
    first = characters.decode(message).strip().partition("\n")[0].rstrip()
    return name(first) if first else Markup("<i>{}</i>").format(gettext("No message"))


def body(message: bytes | str) -> Markup:
    """A commit's message without its first line; empty where there is no more."""
    return text(characters.decode(message).strip().partition("\n")[2].strip("\r\n"))


def shorten(words: str, length: int = 80) -> str:
    """At most `length` characters; the middle goes, because ends tell names apart."""
    if len(words) <= length:
        return words
    head = (length - 1) // 3
    return f"{words[:head]}\u2026{words[-(length - 1 - head) :]}"


def _replace(words: str, places: list[tuple[int, str]]) -> str:
    """The words with something visible at each of the places."""
    letters = list(words)
    for at, shown in places:
        letters[at] = shown
    return "".join(letters)


def _mark(words: str, places: list[tuple[int, str]]) -> Markup:
    """The words as HTML, with an explained mark at each of the places."""
    parts, done = [], 0
    for at, shown in places:
        parts.append(escape(words[done:at]))
        parts.append(ODD.format(characters.describe(words[at]), shown))
        done = at + 1
    parts.append(escape(words[done:]))
    return Markup("").join(parts)


# --- addresses ---


def path_url(raw: bytes | str) -> str:
    """A path or ref for a URL: every byte that could mean something else becomes `%XX`."""
    return quote(raw.encode("utf-8", "surrogateescape") if isinstance(raw, str) else raw, safe="/")


def query_url(raw: bytes | str) -> str:
    """A value for a query string: as `path_url`, and slashes are quoted too."""
    return path_url(raw).replace("/", "%2F")


def ancestors(path: bytes) -> list[tuple[bytes, bytes]]:
    """Each folder on the way to `path`, and itself at the end, as (name, path so far)."""
    parts = path.split(b"/") if path else []
    return [(part, b"/".join(parts[: at + 1])) for at, part in enumerate(parts)]


# --- object ids and people ---


def short_oid(oid_hex: str) -> str:
    """The part of an object id that people compare."""
    return oid_hex[:OID_LENGTH]


def oid(oid_hex: str) -> Markup:
    """A short object id, the whole one on hover."""
    return Markup('<code class="oid" title="{}">{}</code>').format(oid_hex, short_oid(oid_hex))


def initials(person: str) -> str:
    """One or two letters that stand for a person or an organisation."""
    words = [word for word in name_text(person).replace("-", " ").replace(".", " ").split() if word]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"


def hue(person: str) -> int:
    """Which of the avatar colours a name has; the same everywhere and after every restart."""
    return crc32(person.encode("utf-8", "surrogateescape")) % HUES


# --- numbers ---


def size(size_bytes: int) -> str:
    """A size in binary units."""
    if size_bytes < BINARY_STEP:
        return str(ngettext("%(num)s byte", "%(num)s bytes", size_bytes))
    step = min((size_bytes.bit_length() - 1) // 10, len(UNITS))
    value = size_bytes / BINARY_STEP**step
    digits = "#,##0" if value >= WHOLE_FROM else "#,##0.#"
    return f"{format_decimal(value, format=digits)}\u00a0{UNITS[step - 1]}"


def count(number: int) -> str:
    """A whole number with its thousands kept apart."""
    return str(format_decimal(number))


def short_count(number: int) -> str:
    """A count for narrow places: exact while it is short, then 48.1K."""
    if number < COMPACT_FROM:
        return count(number)
    return format_compact_decimal(number, locale=get_locale() or "en", fraction_digits=1)


def share(part: float, whole: float) -> int:
    """Part of a whole in per cent, for progress bars; nothing of nothing is finished."""
    return 100 if whole <= 0 else max(0, min(100, int(part * 100 / whole)))


# --- times ---


def moment(at: datetime, now: datetime) -> Markup:
    """A time as people say it, the exact one on hover and for programs."""
    seconds = round((at - now).total_seconds())
    words = _relative(seconds, str(get_locale() or "en")) if seconds else gettext("now")
    return _time(at, " data-relative", words)


def date(at: datetime) -> Markup:
    """The day of a time, the exact one on hover."""
    return _time(at, "", _machine(at)[:10])


def last_day(end: datetime) -> Markup:
    """The last day before the end of a period, its last moment on hover."""
    return date(end - timedelta(microseconds=1))


def exact(at: datetime) -> str:
    """A time to the second, in UTC, as an auditor writes it."""
    return _machine(at).replace("T", " ").replace("Z", " UTC")


def duration(seconds: float) -> str:
    """A span in its two largest units: `2 h 5 min`, `40 s`."""
    whole = max(0, round(seconds))
    if whole < 60:  # noqa: PLR2004 - a minute
        return str(gettext("%(seconds)s s", seconds=whole))
    if whole < 3600:  # noqa: PLR2004 - an hour
        return str(
            gettext("%(minutes)s min %(seconds)s s", minutes=whole // 60, seconds=whole % 60)
        )
    return str(
        gettext("%(hours)s h %(minutes)s min", hours=whole // 3600, minutes=whole % 3600 // 60)
    )


def _machine(at: datetime) -> str:
    """RFC 3339, in UTC, to the second."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _time(at: datetime, attribute: str, words: str) -> Markup:
    """The element; written by hand, because a list may hold thousands of them."""
    html = f'<time datetime="{_machine(at)}" title="{exact(at)}"{attribute}>{escape(words)}</time>'
    return Markup(html)  # noqa: S704 - digits, our own attribute and escaped words


@lru_cache(maxsize=8192)
def _relative(seconds: int, locale: str) -> str:
    """A span from now in the words of a language; many things of a list share one."""
    span = timedelta(seconds=seconds)
    return format_timedelta(span, granularity="second", add_direction=True, locale=locale)


# --- for templates ---

FILTERS: tuple[Callable[..., object], ...] = (
    name, name_text, text, subject, body, shorten,
    path_url, query_url, ancestors, short_oid, oid, initials, hue,
    size, count, short_count, date, last_day, exact, duration,
)  # fmt: skip


def register(app: Flask, *, clock: Callable[[], datetime]) -> None:
    """Give templates the filters of this module; `moment` reads the door's clock."""
    for function in FILTERS:
        app.add_template_filter(function, function.__name__)
    app.add_template_filter(lambda at: moment(at, clock()), "moment")
    app.add_template_global(share, "share")
