"""What people read where git has bytes, and computers numbers and times."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser
from urllib.parse import unquote_to_bytes

import pytest
from flask import Flask
from flask_babel import Babel, force_locale
from hypothesis import given
from hypothesis import strategies as st

from appliance.web import present, template_words

NOON = datetime(2025, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    app = Flask(__name__)
    Babel(app)
    with app.app_context():
        yield


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"notes.txt", "notes.txt"),
        (b"caf\xc3\xa9", "café"),
        (b"caf\xe9", r"caf\xE9"),
        (b"a\nb\tc", "a␊b␉c"),
        (b"\x1b[31mred", "␛[31mred"),
        (b" padded ", "␠padded␠"),
        (b"   ", "␠␠␠"),
        ("exe\u202etxt.cod".encode(), "exe⟨U+202E⟩txt.cod"),
        ("zero\u200bwidth".encode(), "zero⟨U+200B⟩width"),
        ("no\u00a0break".encode(), "no⟨U+00A0⟩break"),
        ("empty\u3164letter".encode(), "empty⟨U+3164⟩letter"),
        ("\ufefffirst".encode(), "⟨U+FEFF⟩first"),
        (b"\x7f\xc2\x85", "␡⟨U+0085⟩"),
        ("👩‍💻.md".encode(), "👩‍💻.md"),
        ("می‌خواهم".encode(), "می‌خواهم"),
        ("a\u200db".encode(), "a⟨U+200D⟩b"),
        (b"", ""),
    ],
)
def test_a_name_shows_what_the_eye_would_miss(raw, shown):
    assert present.name_text(raw) == shown


def test_a_name_is_escaped_and_its_odd_characters_are_explained():
    assert present.name(b"a<b>&\"'z") == "a&lt;b&gt;&amp;&#34;&#39;z"
    assert present.name(b".ci") == "<bdi>.ci</bdi>"
    assert present.name(b"a\xff<") == (
        '<bdi>a<span class="odd" title="0xFF">\\xFF</span>&lt;</bdi>'
    )
    assert 'title="U+202E RIGHT-TO-LEFT OVERRIDE"' in present.name("\u202e".encode())


class Texts(HTMLParser):
    """Everything a browser would show, and every tag that it would build."""

    def __init__(self) -> None:
        super().__init__()
        self.shown, self.tags = "", set[str]()

    def handle_data(self, data: str) -> None:
        self.shown += data

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)


@pytest.mark.promise("P23")
@given(st.binary(max_size=60))
def test_the_html_of_any_name_shows_exactly_its_text(raw):
    reader = Texts()
    reader.feed(str(present.name(raw)))
    reader.close()

    assert reader.shown == present.name_text(raw)
    assert reader.tags <= {"bdi", "span"}
    present.name_text(raw).encode()  # No surrogate is left to break a page.


@given(st.binary(max_size=60))
def test_a_path_survives_its_url(raw):
    quoted = present.path_url(raw)

    assert unquote_to_bytes(quoted) == raw
    assert not set(quoted) & set("?#<>\"' \\")


def test_a_value_in_a_query_has_no_bare_slash():
    assert present.query_url(b"feature/a&b=c") == "feature%2Fa%26b%3Dc"


def test_the_way_to_a_path_names_every_folder():
    assert present.ancestors(b"src/a/b.py") == [
        (b"src", b"src"),
        (b"a", b"src/a"),
        (b"b.py", b"src/a/b.py"),
    ]
    assert present.ancestors(b"") == []


def test_a_message_is_a_subject_and_a_body():
    message = b"\nKeep <the> index\r\n\r\nIt was\nlost.\n"

    assert present.subject(message) == "Keep &lt;the&gt; index"
    assert present.body(message) == "It was\nlost."
    assert present.body(b"One line") == ""
    assert "No message" in present.subject(b" \n ")


def test_long_words_lose_their_middle():
    assert present.shorten("short") == "short"
    assert present.shorten("a" * 50 + "b" * 50, 10) == "aaa…bbbbbb"


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1023 bytes"),
        (1024, "1 KiB"),
        (1536, "1.5 KiB"),
        (300 * 1024, "300 KiB"),
        (5 * 2**30 + 2**29, "5.5 GiB"),
        (2**62, "4,096 PiB"),
    ],
)
def test_sizes_are_in_binary_units(size_bytes, words):
    assert present.size(size_bytes).replace("\u00a0", " ") == words


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (NOON - timedelta(seconds=5), "5 seconds ago"),
        (NOON - timedelta(seconds=0.4), "now"),
        (NOON, "now"),
        (NOON - timedelta(minutes=3), "3 minutes ago"),
        (NOON - timedelta(days=1), "1 day ago"),
        (NOON + timedelta(days=30), "in 1 month"),
        (NOON.astimezone(timezone(timedelta(hours=9))) - timedelta(hours=2), "2 hours ago"),
    ],
)
def test_a_time_is_relative_to_now(at, words):
    assert f">{words}</time>" in present.moment(at, NOON)


def test_a_time_carries_its_exact_moment_in_utc():
    there = datetime(2025, 3, 2, 23, 30, 15, tzinfo=timezone(timedelta(hours=9)))

    assert present.moment(there, NOON).startswith(
        '<time datetime="2025-03-02T14:30:15Z" title="2025-03-02 14:30:15 UTC" data-relative>'
    )
    assert present.date(there).endswith(">2025-03-02</time>")
    assert present.last_day(datetime(2025, 3, 3, tzinfo=UTC)).endswith(">2025-03-02</time>")
    assert present.last_day(datetime(2025, 3, 3, 1, tzinfo=UTC)).endswith(">2025-03-03</time>")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59.4, "59 s"), (125, "2 min 5 s"), (7500, "2 h 5 min"), (-3, "0 s")],
)
def test_a_span_has_its_two_largest_units(seconds, words):
    assert present.duration(seconds) == words


def test_numbers_follow_the_language():
    assert present.count(48112) == "48,112"
    assert present.short_count(9999) == "9,999"
    assert present.short_count(48112) == "48.1K"
    with force_locale("de"):
        assert present.count(48112) == "48.112"
        assert present.size(1536) == "1,5\u00a0KiB"
        assert "vor 3 Minuten" in present.moment(NOON - timedelta(minutes=3), NOON)


def test_progress_stays_between_nothing_and_everything():
    assert [present.share(*pair) for pair in [(0, 0), (1, 3), (5, 3), (-1, 3)]] == [100, 33, 100, 0]


@pytest.mark.parametrize(
    ("person", "letters"),
    [("writer", "W"), ("quiet-reader", "QR"), ("The Old Lab", "TL"), ("", "?"), ("--", "?")],
)
def test_initials_stand_for_a_person(person, letters):
    assert present.initials(person) == letters


def test_a_person_keeps_their_colour():
    assert present.hue("writer") == present.hue("writer")
    assert {present.hue(f"user-{n}") for n in range(99)} == set(range(present.HUES))


def test_templates_have_the_filters():
    app = Flask(__name__)
    Babel(app)
    present.register(app, clock=lambda: NOON)
    with app.app_context():
        page = app.jinja_env.from_string(
            "{{ path | name }} {{ path | path_url }} {{ at | moment }}"
        )
        shown = page.render(path=b"a\xff#", at=NOON - timedelta(hours=2))

    assert "\\xFF" in shown
    assert "a%FF%23" in shown
    assert "2 hours ago" in shown


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("{{ _('100 %% of %(name)s', name='<b>') }}", "100 % of &lt;b&gt;"),
        ("{{ _('100 %%') }}", "100 %"),
        ("{{ _(text) }}", "<i>"),
        ("{{ _(text) ~ text }}", "<i>&lt;i&gt;"),
        ("{% trans name=text %}of {{ name }}{% endtrans %}", "of &lt;i&gt;"),
        ("{% autoescape false %}{{ _('%(name)s', name=text) }}{% endautoescape %}", "<i>"),
    ],
)
def test_words_of_templates_are_as_jinja_has_them(template, shown):
    for install in (lambda _app: None, template_words.install):
        app = Flask(__name__)
        Babel(app)
        install(app)
        with app.app_context():
            app.jinja_env.autoescape = True
            assert app.jinja_env.from_string(template).render(text="<i>") == shown
