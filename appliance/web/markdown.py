"""Markdown becomes safe HTML for a page of a repository.

markdown-it reads it (tables, task lists, footnotes, definition lists, alerts, bare addresses), our
own steps rewrite addresses and colour code, and nh3 has the last word: nothing reaches a page that
is not on its lists. Pictures from outside are never loaded; their words stand in their place.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import nh3
from flask_babel import gettext
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup, escape
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.front_matter import front_matter_plugin
from mdit_py_plugins.gfm_autolink import gfm_autolink_plugin

from appliance.web import highlight, spoken
from appliance.web.characters import decode

Rewrite = Callable[[str], str | None]
"""Turns a relative address of the document into one of the portal, or into nothing."""

Dialect = Callable[[MarkdownIt], None]
"""Teaches the parser what only some documents say."""

MAX_MARKDOWN_BYTES = 512 * 1024  # Longer documents are shown as plain text.
ID_PREFIX = "md-"  # A heading must not take the id of something of ours.
MAX_PARAGRAPH_CHARACTERS = 10_000  # Reading links in one paragraph takes quadratic time.
MAX_NESTING = 40  # Deeper quotations and lists than a person would write are cut off.

TAG_NAMES = (
    "a b blockquote br code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark"
    " ol p pre q s samp section small span strong sub summary sup table tbody td tfoot th thead tr"
    " ul var"
)
TAGS = set(TAG_NAMES.split())
ATTRIBUTES = {
    "a": {"href", "title", "id", "aria-label"},
    "img": {"src", "alt", "title", "width", "height"},
    "details": {"open"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "pre": {"tabindex"},
    "span": {"aria-label", "title"},
} | {tag: {"id"} for tag in ("h1", "h2", "h3", "h4", "h5", "h6", "li", "section", "sup")}
ALIGNED = {
    tag: {"align": {"left", "center", "right"}} for tag in ("p", "div", "td", "th", "img", "h1")
}
VALUES = ALIGNED | {"span": {"role": {"img"}}}
CLASSES = {
    "span": {*highlight.CLASS_OF.values(), "task", "task-done", "outside"},
    "div": {"table-box", "alert", "good", "warn", "bad", "hold", "accent"},
    "b": {"alert-title"},
    "a": {"anchor"},
    "section": {"footnotes"},
}
TASK = re.compile(r"^\[([ xX])\][ \t]+")
ALERT = re.compile(r"^\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\][ \t]*\n?", re.IGNORECASE)
TONES = {"note": "accent", "tip": "good", "important": "hold", "warning": "warn", "caution": "bad"}


@dataclass(frozen=True)
class Heading:
    """One heading, for a table of contents."""

    level: int
    words: str
    anchor: str


def render(
    source: bytes,
    *,
    link: Rewrite,
    image: Rewrite | None = None,
    refer: spoken.Refer | None = None,
    within: str = "",
    more: Dialect | None = None,
) -> Markup:
    """The document as safe HTML.

    `link` and `image` are asked about every relative address; `image` is `link` where not given.
    `refer` is asked about all that a comment may speak of, as `#12`; there a line is a line.
    `within` sets the ids of one of several documents on a page apart. `more` teaches the parser.
    """
    text = decode(source).encode("utf-8", "replace").decode()
    if len(source) > MAX_MARKDOWN_BYTES:
        return Markup('<pre class="block" tabindex="0">{}</pre>').format(text)
    parser = _parser()
    parser.options["breaks"] = refer is not None
    if more is not None:
        more(parser)
    tokens = parser.parse(text)
    _name_headings(tokens)
    _turn_alerts(tokens)
    _show_tasks(tokens)
    for token in tokens:
        _align(token)
        if token.children:
            token.children = [_outside_picture(child) for child in token.children]
            if refer is not None:
                token.children = spoken.linked(token.children, refer)
    html = parser.renderer.render(tokens, parser.options, {})
    return Markup(_sanitised(html, link, image or link, ID_PREFIX + within))  # noqa: S704 - nh3 has cleaned it


def headings(source: bytes) -> list[Heading]:
    """The headings of a document in their order, with the anchors that `render` gives them."""
    tokens = _parser().parse(decode(source[:MAX_MARKDOWN_BYTES]))
    _name_headings(tokens)
    return [
        Heading(int(token.tag[1]), _plain(tokens[at + 1]), f"{ID_PREFIX}{token.attrGet('id')}")
        for at, token in enumerate(tokens)
        if token.type == "heading_open"
    ]


def _parser() -> MarkdownIt:
    """The dialect that people expect in a repository."""
    parser = MarkdownIt(
        "commonmark", {"html": True, "highlight": _coloured, "maxNesting": MAX_NESTING}
    )
    parser.enable(["table", "strikethrough"])
    for plugin in (front_matter_plugin, footnote_plugin, deflist_plugin):
        parser.use(plugin)
    parser.use(gfm_autolink_plugin)
    parser.core.ruler.before("inline", "long_paragraphs", _leave_long_paragraphs)
    parser.add_render_rule("table_open", _table_open)
    parser.add_render_rule("table_close", _table_close)
    parser.add_render_rule("footnote_block_open", _footnotes_open)
    return parser


def _leave_long_paragraphs(state: StateCore) -> None:
    """A paragraph no person would write stays as it is, so that nobody waits for it."""
    for token in state.tokens:
        if token.type == "inline" and len(token.content) > MAX_PARAGRAPH_CHARACTERS:
            token.type = "text"


def _coloured(code: str, language: str, _attributes: str) -> str:
    """A fenced block; focusable, because a wide one scrolls."""
    html = highlight.snippet(code, language or "text")
    return f'<pre tabindex="0"><code>{html}</code></pre>'


def _table_open(*_arguments: object) -> str:
    """A wide table scrolls by itself, not with the page."""
    return '<div class="table-box"><table>\n'


def _table_close(*_arguments: object) -> str:
    """The end of what `_table_open` began."""
    return "</table></div>\n"


def _footnotes_open(*_arguments: object) -> str:
    """The line above footnotes is drawn by the style sheet."""
    return '<section class="footnotes"><ol>\n'


# --- blocks ---


def _name_headings(tokens: list[Token]) -> None:
    """Give every heading an anchor made of its words, unique in the document."""
    taken: dict[str, int] = {}
    for at, token in enumerate(tokens):
        if token.type != "heading_open":
            continue
        inline = tokens[at + 1]
        base = slug(_plain(inline)) or "section"
        number = taken[base] = taken.get(base, -1) + 1
        anchor = f"{base}-{number}" if number else base
        token.attrSet("id", anchor)
        mark = Token("html_inline", "", 0)
        label = escape(gettext("Link to this heading"))
        mark.content = f'<a class="anchor" href="#{anchor}" aria-label="{label}">#</a>'
        inline.children = [*(inline.children or []), mark]


def slug(words: str) -> str:
    """The anchor that other code hosts would make of a heading, so that links keep working."""
    kept = (c for c in words.strip().lower() if c in " -_" or unicodedata.category(c)[0] in "LMN")
    return "".join(kept).replace(" ", "-")


def _plain(inline: Token) -> str:
    """The words of an inline token, its marks left out."""
    children = inline.children or []
    return "".join(c.content for c in children if c.type in {"text", "code_inline"})


def _align(token: Token) -> None:
    """Say where a cell's words stand by an attribute: the content policy forbids its style."""
    if token.type in {"th_open", "td_open"} and "style" in token.attrs:
        token.attrSet("align", str(token.attrs.pop("style")).removeprefix("text-align:"))


def _turn_alerts(tokens: list[Token]) -> None:
    """A quotation that begins with [!NOTE] or a relative of it becomes a coloured remark."""
    stack: list[tuple[Token, bool]] = []
    for at, token in enumerate(tokens):
        if token.type == "blockquote_open":
            stack.append((token, _become_alert(token, tokens[at + 1 : at + 3])))
        elif token.type == "blockquote_close" and stack and stack.pop()[1]:
            token.tag = "div"


def _become_alert(quotation: Token, first: list[Token]) -> bool:
    """Turn one quotation into a remark if its first words say so."""
    children = first[-1].children if first and first[-1].type == "inline" else None
    match = ALERT.match(first[-1].content) if children else None
    if not children or not match:
        return False
    kind = match.group(1).lower()
    while children and (children[0].type == "softbreak" or children[0].content[:2] == "[!"):
        children.pop(0)
    title = Token("html_inline", "", 0)
    title.content = f'<b class="alert-title">{escape(_alert_words(kind))}</b><br>'
    quotation.tag = "div"
    quotation.attrSet("class", f"alert {TONES[kind]}")
    children.insert(0, title)
    return True


def _alert_words(kind: str) -> str:
    """The heading of a remark in the reader's language."""
    words = {
        "note": gettext("Note"),
        "tip": gettext("Tip"),
        "important": gettext("Important"),
        "warning": gettext("Warning"),
        "caution": gettext("Caution"),
    }
    return str(words[kind])


def _show_tasks(tokens: list[Token]) -> None:
    """A list item that begins with [ ] or [x] shows, and says, whether it is done."""
    for at, token in enumerate(tokens):
        if token.type != "inline" or not token.children or tokens[at - 2].type != "list_item_open":
            continue
        match = TASK.match(token.content)
        if match and token.children[0].type == "text":
            token.children[0].content = TASK.sub("", token.children[0].content)
            token.children.insert(0, _task_box(is_done=match.group(1) != " "))


def _task_box(*, is_done: bool) -> Token:
    """A drawn box, not a field: nobody can tick it here."""
    name, label = ("task task-done", gettext("Done:")) if is_done else ("task", gettext("To do:"))
    box = Token("html_inline", "", 0)
    box.content = f'<span class="{name}" role="img" aria-label="{escape(label)}"></span>'
    return box


# --- inside lines ---


def _outside_picture(token: Token) -> Token:
    """A picture on another machine would tell that machine who reads here."""
    if token.type != "image" or not is_absolute(str(token.attrGet("src") or "")):
        return token
    words = Token("html_inline", "", 0)
    title = escape(str(token.attrGet("src")))
    words.content = f'<span class="outside" title="{title}">{escape(token.content or title)}</span>'
    return words


def is_absolute(url: str) -> bool:
    """Does the address name a scheme or a machine?"""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return True  # What cannot be read is treated as foreign.
    return bool(parts.scheme or parts.netloc) or url.strip().replace("\\", "/").startswith("//")


# --- the last word ---


def _sanitised(html: str, link: Rewrite, image: Rewrite, prefix: str) -> str:
    """Only what is on the lists, every relative address rewritten."""

    def attribute(_tag: str, name: str, value: str) -> str | None:
        if name == "href":
            return _address(value, link, prefix)
        if name == "src":
            return None if is_absolute(value) else image(value)
        return value

    return nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=attribute,
        tag_attribute_values=VALUES,
        generic_attribute_prefixes=None,
        allowed_classes=CLASSES,
        id_prefix=prefix,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )


def _address(url: str, link: Rewrite, prefix: str) -> str | None:
    """Where a link leads: an anchor here, a page of the portal, or another machine."""
    if url.startswith("#"):
        return f"#{prefix}{url[1:].removeprefix(ID_PREFIX)}" if url != "#" else url
    if is_absolute(url):
        return url
    path, mark, anchor = url.partition("#")
    if mark and path.lower().endswith((".md", ".markdown")):
        return link(f"{path}#{ID_PREFIX}{anchor}")
    return link(url)
