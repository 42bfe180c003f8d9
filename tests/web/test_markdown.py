"""Markdown on a page: complete, and harmless whatever it says."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from flask import Flask
from flask_babel import Babel
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.web import markdown


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    app = Flask(__name__)
    Babel(app)
    with app.app_context():
        yield


def render(source: str) -> str:
    return str(
        markdown.render(
            source.encode(), link=lambda url: f"/file/{url}", image=lambda url: f"/raw/{url}"
        )
    )


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("**b** *e* ~~s~~ `c`", "<strong>b</strong> <em>e</em> <s>s</s> <code>c</code>"),
        ("| a | b |\n|---|--:|\n| 1 | 2 |", '<td align="right">2</td>'),
        ("see https://example.com now", 'href="https://example.com"'),
        ("- [x] done", 'class="task task-done" role="img" aria-label="Done:"'),
        ("- [ ] open", 'class="task" role="img" aria-label="To do:"'),
        ("```python\nimport os\n```", '<span class="k">import </span>os'),
        ("```\n<b>\n```", "&lt;b&gt;"),
        ("a[^1]\n\n[^1]: note", '<section class="footnotes">'),
        ("term\n: meaning", "<dd>meaning"),
        ("> [!WARNING]\n> Careful.", 'class="alert warn"'),
        ("<details><summary>More</summary>x</details>", "<summary>More</summary>"),
        ("<kbd>t</kbd>", "<kbd>t</kbd>"),
        ("---\ntitle: x\n---\nwords", "<p>words</p>"),
    ],
)
def test_what_people_write_is_rendered(source, expected):
    assert expected in render(source)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[a](docs/a.md)", 'href="/file/docs/a.md"'),
        ("[a](docs/a.md#part)", 'href="/file/docs/a.md#md-part"'),
        ("[a](/docs/a b)", "[a](/docs/a b)"),
        ("[a](#part)", 'href="#md-part"'),
        ("[a](mailto:x@example.com)", 'href="mailto:x@example.com"'),
        ("![a](p.png)", '<img src="/raw/p.png" alt="a">'),
        ('<img src="p.png" alt="a">', 'src="/raw/p.png"'),
        ('<a href="x.md">x</a>', 'href="/file/x.md"'),
        ("[a][r]\n\n[r]: b.txt", 'href="/file/b.txt"'),
    ],
)
def test_relative_addresses_become_addresses_of_the_portal(source, expected):
    assert expected in render(source)


def test_a_link_that_leads_nowhere_loses_its_address():
    assert "href" not in markdown.render(b"[a](../../..)", link=lambda _url: None)


def test_pictures_from_outside_are_words():
    html = render("![badge](https://example.com/b.svg) <img src='//example.com/x' alt='y'>")

    assert "src=" not in html
    assert ">badge</span>" in html


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "<a href=' javascript:alert(1)'>x</a>",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "<svg onload=alert(1)><script>1</script></svg>",
    "<style>*{display:none}</style>",
    "<p style='position:fixed'>x</p>",
    "<iframe src=//example.com></iframe>",
    "<form action=/theme><button>x</button><input name=theme></form>",
    "<base href=//example.com>",
    "<meta http-equiv=refresh content=0>",
    "<math><mi xlink:href='javascript:1'>",
    "<div class='top skip' id=content>x</div>",
    "<a id=keys name=keys>x</a>",
    "```<script>\nx\n```",
    "# <img src=x onerror=1>",
    "| <script>1</script> |\n|-|",
    "<details ontoggle=alert(1) open>x</details>",
    "<noscript><p title='</noscript><img src=x onerror=1>'>",
]


class Inspector(HTMLParser):
    """Notes everything in a page that could act."""

    def __init__(self) -> None:
        super().__init__()
        self.problems: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in markdown.TAGS:
            self.problems.append(tag)
        for name, value in attrs:
            words = (value or "").strip().lower()
            if name.startswith("on") or name in {"style", "srcset", "name", "action"}:
                self.problems.append(name)
            if name in {"href", "src"} and not words.startswith(("http", "mailto:", "#", "/")):
                self.problems.append(words)
            if name == "id" and not words.startswith("md-"):
                self.problems.append(words)


def problems(html: str) -> list[str]:
    inspector = Inspector()
    inspector.feed(html)
    inspector.close()
    return inspector.problems


@pytest.mark.promise("P23")
@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_that_acts_reaches_a_page(attack):
    assert problems(render(attack)) == []
    assert problems(render(f"- > {attack}\n\n{attack}")) == []


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from([*ATTACKS, "`", "\n", "    ", "[", "](", "<", '"', "'", "|"]), max_size=8
    )
)
def test_attacks_do_not_help_one_another(parts):
    assert problems(render("".join(parts))) == []


def test_headings_have_unique_anchors_and_a_table_of_contents():
    source = b"# Setup & run\n\n## Setup & run\n\n## \xc3\x9cber `uns`\n"

    html = str(markdown.render(source, link=lambda url: url))

    found = markdown.headings(source)
    assert [h.anchor for h in found] == ["md-setup--run", "md-setup--run-1", "md-über-uns"]
    assert [(h.level, h.words) for h in found][2] == (2, "Über uns")
    assert all(f'id="{h.anchor}"' in html and f'href="#{h.anchor}"' in html for h in found)


def test_invalid_bytes_and_long_documents_still_show():
    assert "caf" in markdown.render(b"caf\xe9", link=lambda url: url)
    long = markdown.render(b"<b>x\n" * 200_000, link=lambda url: url)
    assert long.startswith('<pre class="block"')
    assert "<b>" not in long


@pytest.mark.parametrize(
    "nasty",
    ["[" * 100_000, "![" * 50_000, "- [ ] a\n" * 9_000, ">" * 20_000, "*" * 20_000, "- " * 5_000],
)
def test_deep_nesting_ends(nasty):
    assert problems(render(nasty)) == []
