"""Every piece of the design system on a few pages, for looking at and for measuring."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

from flask import Flask, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import Babel, get_locale
from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined

from appliance.domain.signatures import Finding, SignatureForm
from appliance.git.diff_parse import Hunk, Line, LineKind
from appliance.git.diff_words import Marks, changed_words
from appliance.services.signatures import Checked
from appliance.web import diff_view, highlight, markdown, present
from appliance.web.pages import words

HERE = Path(__file__).parent
WEB = Path(present.__file__).parent
SOURCE = Path(present.__file__)
SHOWN_LINES = 60
NOON = datetime(2025, 3, 2, 12, 0, tzinfo=UTC)
PAGES = ("repository", "tree", "file", "blame", "history", "commit", "split", "branches")
PAGES += ("settings", "pieces", "error", "sign-in")


@dataclass(frozen=True)
class Person:
    """Who is signed in."""

    name: str = "night-writer"
    display_name: str = "Night Writer"
    is_administrator: bool = True
    factor_due_at: datetime | None = None
    acting: None = None


@dataclass(frozen=True)
class Entry:
    """One line of a tree."""

    name: bytes
    kind: str = "blob"
    subject: bytes = b"Keep the index when a folder moves"
    hours: int = 5
    href: str = "/lab/notes/tree/main/src"
    commit_href: str = "/lab/notes/commit/abc"
    at: datetime = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", NOON - timedelta(hours=self.hours))


ENTRIES = [
    Entry(b".ci", "tree", b"Run the checks on every push", 3000),
    Entry(b"documentation", "tree", b"Say how a restore is rehearsed", 52),
    Entry(b"src", "tree"),
    Entry(b"third-party", "submodule", b"Follow the library to 2.4", 900),
    Entry(b"current", "symlink", b"Point at the release", 900),
    Entry(
        b"README.md", hours=1, subject=b"Explain the two commands, and why there is no third one"
    ),
    Entry("выпуск заметок.txt".encode(), hours=80, subject="Добавить выпуск".encode()),
    Entry(b"caf\xe9 menu #3?.txt", hours=9000, subject=b"Old files from the old machine"),
    Entry("invoice\u202efdp.exe".encode(), hours=2, subject=b"Look at this one"),
    Entry("👩‍💻 plan.md".encode(), hours=20, subject=b"Plan"),
    Entry(b"a-name-that-goes-on-" * 6 + b".txt", hours=7, subject=b"Try long names " * 8),
    Entry(b"pyproject.toml", hours=30, subject=b"Lock what we depend on"),
]
ICONS = re.findall(r'symbol id="([^"]+)"', (WEB / "static" / "icons.svg").read_text())
REFS = [
    (b"main", "#"),
    (b"feature/tiles", "#"),
    (b"fix/lost-\xff-byte", "#"),
    (b"release/2.4", "#"),
]
COMMITS = [
    SimpleNamespace(
        oid=f"{n * 7919:040x}"[::-1],
        subject=subject,
        author=author,
        at=NOON - timedelta(hours=3 * n),
        href="#",
        browse_href="#",
        signature=finding and Checked(finding, SignatureForm.SSH, "SHA256:4f2a", owner=author),
        badges=None,
        checks=None,
        labels=(),
    )
    for n, (author, subject, finding) in enumerate(
        [
            ("night-writer", b"Keep the index when a folder moves", Finding.VERIFIED),
            ("quiet-reader", b"Refuse a push whose pack says one thing " * 4, Finding.UNKNOWN_KEY),
            ("The Old Lab", b"", None),
            ("release robot", "Sürüm 2.4 — “son” <b>sürüm</b>".encode(), Finding.BAD_SIGNATURE),
        ],
        1,
    )
]
OLD = b"""def total(lines):
    result = 0
    for line in lines:
        result += line.amount
    return result

\tlegacy = True
"""
NEW = b"""def total(lines: list[Line]) -> Money:
    result = Money(0)
    for line in lines:
        result += line.amount * line.count
    return result

    legacy = False
"""


def page_context() -> dict[str, object]:
    """Realistic content for all pages."""
    code = b"".join(SOURCE.read_bytes().splitlines(keepends=True)[:SHOWN_LINES])
    code += "access = 'user\u202e \u2066# admin only\u2069 \u2066'  # turned\n".encode()
    lines = highlight.highlight(code, path=b"present.py").lines
    readme = (HERE / "gallery_pages" / "README.md").read_text()
    return {
        "icon_names": ICONS,
        "title": "You do not have permission for this",
        "explanation": "Deleting lab/notes needs the role owner. You are a writer.",
        "advice": "The owners of lab can grant it: quiet-reader, release-robot.",
        "reference": "7f3k-2m9x",
        "ask": "/settings/access-requests/new",
        "status": 403,
        "main": b"main",
        "tiles": b"tiles \xff",
        "entries": ENTRIES,
        "refs": REFS,
        "commits": COMMITS,
        "person": Person(),
        "lines": lines,
        "chunks": blame_chunks(lines),
        "now": NOON,
        "readme": markdown.render(readme.encode(), link=lambda url: f"/lab/notes/file/main/{url}"),
        "file": diff_file(),
    }


def blame_chunks(lines: list[object]) -> list[SimpleNamespace]:
    """The lines in groups of growing size, as if written by several people."""
    chunks, first = [], 0
    while first < len(lines):
        count, commit = 1 + len(chunks) % 6, COMMITS[len(chunks) % 4]
        chunks.append(
            SimpleNamespace(
                first=first + 1,
                lines=lines[first : first + count],
                author=commit.author,
                subject=commit.subject,
                href="#",
                at=commit.at - timedelta(days=40 * len(chunks)),
                age=min(9, len(chunks)),
                previous="/lab/notes/blame/before" if chunks else None,
                signature=getattr(commit, "signature", None),
            )
        )
        first += count
    return chunks


def row(
    kind: LineKind,
    old: int | None,
    new: int | None,
    content: bytes,
    marks: Marks = (),
    *,
    has_newline: bool = True,
) -> Line:
    """One line as git told it."""
    return Line(kind, old, new, content, has_newline, marks)


def diff_file() -> diff_view.File:
    """One changed file with marks inside its lines."""
    old, new = OLD.splitlines(), NEW.splitlines()
    rows = [row(LineKind.DELETED, 10 + n, None, old[n]) for n in range(3)]
    old_marks, new_marks = changed_words(old[3], new[3])
    rows += [row(LineKind.DELETED, 13, None, old[3], old_marks)]
    rows += [row(LineKind.ADDED, None, 10 + n, new[n]) for n in range(3)]
    rows += [row(LineKind.ADDED, None, 13, new[3], new_marks)]
    rows += [row(LineKind.CONTEXT, 14 + n, 14 + n, new[4 + n]) for n in range(2)]
    old_marks, new_marks = changed_words(old[6], new[6])
    rows += [row(LineKind.DELETED, 16, None, old[6], old_marks)]
    rows += [row(LineKind.ADDED, None, 16, new[6], new_marks, has_newline=False)]
    return diff_view.File(
        path=b"src/ledger.py",
        old_path=b"src/book.py",
        status="renamed",
        additions=5,
        deletions=5,
        note=None,
        hunks=[diff_view.hunk(Hunk(10, 7, 10, 7, b"class Ledger:", tuple(rows)), path=b"a.py")],
    )


def create_app() -> Flask:
    """A small application that serves the gallery under the product's own content policy."""
    app = Flask(__name__, static_folder=str(WEB / "static"))
    app.secret_key = "gallery"
    app.jinja_env.undefined = StrictUndefined
    app.jinja_loader = ChoiceLoader(
        [FileSystemLoader(HERE / "gallery_pages"), FileSystemLoader(WEB / "templates")]
    )
    Babel(app, locale_selector=lambda: request.args.get("language", "en"))
    present.register(app, clock=lambda: NOON)
    app.jinja_env.globals.update(
        csrf_token=lambda: "token", get_locale=get_locale, inbox_count=lambda: 2, words=words
    )

    @app.route("/<page>")
    def show(page: str) -> ResponseReturnValue:
        context = page_context()
        html = render_template(
            f"{page}.html",
            site_name="Codara",
            actor=None if page in {"error", "sign-in"} else Person(),
            theme=request.args.get("theme", ""),
            **context,
        )
        answer = make_response(html)
        answer.headers["Content-Security-Policy"] = "default-src 'self'"
        return answer

    return app


if __name__ == "__main__":
    create_app().run(port=0)
