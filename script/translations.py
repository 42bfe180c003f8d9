"""Keeps the translations: what the sources say goes into the .po files, those into .mo files.

`python -m script.translations` does both and names what is not translated yet; the word `compile`
does the second only. A .po file is written so that two changes seldom meet in a line: sorted, each
text on one line, nothing of when and where.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "appliance" / "web" / "translations"
METHODS = [("**.py", "script.sentences:extract"), ("web/templates/**.html", "jinja2")]
KEYWORDS = {"_": None, "gettext": None, "lazy_gettext": None, "lazy": None, "ngettext": (1, 2)}
NOT_KEPT = (
    *(b'"Project-Id-Version:', b'"Report-Msgid-Bugs-To:', b'"POT-Creation-Date:'),
    *(b'"PO-Revision-Date:', b'"Last-Translator:', b'"Language-Team:', b'"Generated-By:'),
)
"""Lines of a header that say nothing, or change with every update."""


class NoTranslationsError(Exception):
    """There is nothing to compile, which no build may pass over."""


def main() -> int:
    """Bring all .po files up to date unless only compiling is asked for, then compile them."""
    if sys.argv[1:] not in ([], ["compile"]):
        print("Words: none, or compile.", file=sys.stderr)
        return 2
    if not sys.argv[1:]:
        update()
    compile_all()
    return 0


def update() -> None:
    """Take over what the sources say now; what they no longer say goes, what is new is named."""
    template = template_of_sources()
    for file in translations():
        catalog = read(file)
        catalog.update(template, no_fuzzy_matching=True)
        file.write_bytes(written(catalog))
        for message in catalog:
            if message.id and not any(message.string or ()):
                print(f"{file.relative_to(ROOT)} lacks: {message.id}")


def compile_all() -> None:
    """Make of each .po file the .mo file that gettext reads.

    Errors:
        NoTranslationsError: there are none.
    """
    for file in translations():
        compiled = BytesIO()
        catalog = read(file)
        # What is built of the same sources has the same bytes.
        catalog.creation_date = datetime.fromtimestamp(0, UTC)
        write_mo(compiled, catalog)
        # Whoever reads it meanwhile reads one or the other.
        unfinished = file.with_suffix(".mo.unfinished")
        unfinished.write_bytes(compiled.getvalue())
        unfinished.replace(file.with_suffix(".mo"))


def translations() -> list[Path]:
    """The .po file of each language."""
    found = sorted(PLACE.glob("*/LC_MESSAGES/messages.po"))
    if not found:
        raise NoTranslationsError(f"No translations in {PLACE}.")
    return found


def read(file: Path) -> Catalog:
    """A translation; an entry that is no good is an error."""
    with file.open("rb") as opened:
        return read_po(opened, locale=file.parent.parent.name, abort_invalid=True)


def written(catalog: Catalog) -> bytes:
    """A translation as its .po file should read."""
    whole = BytesIO()
    write_po(whole, catalog, width=0, no_location=True, sort_output=True, ignore_obsolete=True)
    lines = whole.getvalue().splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(NOT_KEPT))


def template_of_sources() -> Catalog:
    """Every text in the sources."""
    found = Catalog()
    folder = ROOT / "appliance"
    for _, _, text, _, _ in extract_from_dir(
        folder, METHODS, keywords=KEYWORDS, options_map={"**": {}}
    ):
        found.add(text)
    return found


if __name__ == "__main__":
    sys.exit(main())
