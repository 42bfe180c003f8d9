"""What people write where an identifier should stand: "Apache 2", "The MIT License", "GPLv3+"."""

from __future__ import annotations

import re

_SAYS_NOTHING = frozenset(
    {
        "the",
        "v",
        "license",
        "licence",
        "licenses",
        "licensed",
        "version",
        "software",
        "public",
        "under",
    }
    | {"open", "source", "agreement", "style", "approved", "osi", "general", "gnu", "foundation"}
    | {"ver", "clause", "of", "terms"}
)
_SPELLINGS: dict[str, tuple[str, ...]] = {
    "0BSD": ("0bsd", "bsd 0", "zero bsd"),
    "AFL-3.0": ("academic free 3.0", "academic free afl"),
    "AGPL-3.0-only": ("agpl3", "agpl 3", "agpl 3.0", "affero 3", "affero 3.0", "affero 3 agpl3"),
    "AGPL-3.0-or-later": (
        *("agpl3+", "agpl 3+", "affero 3 or later", "affero 3 or later agpl3+", "affero 3+"),
        *("agpl 3.0 or later", "affero 3.0 or later"),
    ),
    "Apache-2.0": (
        *("apache", "apache 2", "apache 2.0", "apache2", "apache2.0", "asl 2.0", "asl2", "al 2.0"),
        *("apache 2.0 apache 2.0", "apache 2.0 apache2", "apache apache 2.0", "apache asl 2.0"),
    ),
    "Artistic-2.0": ("artistic 2", "artistic 2.0"),
    "BSD-2-Clause": (
        *("bsd 2", "2 bsd", "bsd2", "simplified bsd", "freebsd", "bsd 2 simplified", "bsd2clause"),
        *("simplified bsd 2", "bsd two", "two bsd"),
    ),
    "BSD-3-Clause": (
        *(
            "bsd 3",
            "3 bsd",
            "bsd3",
            "new bsd",
            "modified bsd",
            "revised bsd",
            "bsd 3 new",
            "bsd new",
        ),
        *("bsd3clause", "bsd three", "three bsd", "bsd 3 new or revised", "new bsd 3"),
    ),
    "BSL-1.0": ("boost", "boost 1.0", "boost 1.0 bsl 1.0", "bsl 1.0"),
    "CC-BY-4.0": ("cc by 4.0", "creative commons attribution 4.0", "cc by 4"),
    "CC-BY-SA-4.0": ("cc by sa 4.0", "creative commons attribution sharealike 4.0"),
    "CC0-1.0": (
        *("cc0", "cc0 1.0", "cc0 1.0 universal", "creative commons zero 1.0 universal"),
        *("cc0 1.0 universal cc0 1.0 domain dedication", "creative commons zero"),
    ),
    "CDDL-1.0": ("cddl", "cddl 1.0", "common development and distribution cddl 1.0"),
    "EPL-1.0": ("eclipse 1.0", "epl 1.0", "eclipse 1.0 epl 1.0", "eclipse epl 1.0"),
    "EPL-2.0": ("eclipse 2.0", "epl 2.0", "epl2", "eclipse 2.0 epl 2.0", "eclipse epl 2.0"),
    "EUPL-1.2": ("european union 1.2 eupl 1.2", "eupl 1.2"),
    "GPL-2.0-only": ("gpl2", "gpl 2", "gpl 2.0", "2 gpl2", "gpl 2 only", "gpl2 only", "2", "2.0"),
    "GPL-2.0-or-later": (
        *("gpl2+", "gpl 2+", "gpl 2.0+", "2 or later gpl2+", "gpl 2 or later", "gpl 2.0 or later"),
        *("2 or later", "gpl2 or later", "gpl >= 2", "gpl 2 or newer"),
    ),
    "GPL-3.0-only": ("gpl3", "gpl 3", "gpl 3.0", "3 gpl3", "gpl 3 only", "gpl3 only", "3", "3.0"),
    "GPL-3.0-or-later": (
        *("gpl3+", "gpl 3+", "gpl 3.0+", "3 or later gpl3+", "gpl 3 or later", "gpl 3.0 or later"),
        *("3 or later", "gpl3 or later", "gpl >= 3", "gpl 3 or newer"),
    ),
    "ISC": ("isc", "isc iscl", "isc l"),
    "LGPL-2.1-only": ("lgpl2.1", "lgpl 2.1", "lesser 2.1", "lesser 2.1 lgpl2.1"),
    "LGPL-2.1-or-later": (
        *("lgpl2.1+", "lgpl 2.1+", "lgpl 2.1 or later", "lesser 2.1 or later", "lgpl >= 2.1"),
    ),
    "LGPL-3.0-only": ("lgpl3", "lgpl 3", "lgpl 3.0", "lesser 3", "lesser 3 lgpl3", "lesser 3.0"),
    "LGPL-3.0-or-later": (
        *("lgpl3+", "lgpl 3+", "lgpl 3 or later", "lesser 3 or later lgpl3+", "lgpl 3.0 or later"),
        *("lesser 3 or later",),
    ),
    "MIT": ("mit", "mit mit", "expat", "mit expat", "mit x11", "x11 mit"),
    "MIT-0": ("mit 0", "mit no attribution", "mit no attribution mit 0"),
    "MPL-1.1": ("mpl 1.1", "mozilla 1.1", "mozilla 1.1 mpl 1.1"),
    "MPL-2.0": ("mpl 2", "mpl 2.0", "mpl2", "mozilla 2.0", "mozilla 2.0 mpl 2.0", "mozilla 2"),
    "MS-PL": ("ms pl", "microsoft ms pl", "microsoft"),
    "NCSA": ("university illinois ncsa", "ncsa"),
    "OFL-1.1": ("sil font 1.1", "sil font 1.1 ofl 1.1", "ofl 1.1"),
    "PostgreSQL": ("postgresql",),
    "PSF-2.0": ("psf", "python psf", "psf 2.0", "python 2.0 psf", "python"),
    "Unlicense": ("unlicense", "unlicense unlicense"),
    "UPL-1.0": ("upl 1.0", "universal permissive upl 1.0", "universal permissive"),
    "WTFPL": ("wtfpl", "do what the fuck you want to wtfpl"),
    "ZPL-2.1": ("zope", "zpl 2.1", "zope 2.1"),
    "Zlib": ("zlib", "zlib libpng", "zlib png"),
}
_OF_SLUG = {slug: name for name, slugs in _SPELLINGS.items() for slug in slugs}
_NEEDS_FAMILY = re.compile(r"gnu|gpl|general", re.IGNORECASE)
_ADDRESSES = {
    "opensource.org/licenses/mit": "MIT",
    "opensource.org/licenses/isc": "ISC",
    "opensource.org/licenses/bsd-2-clause": "BSD-2-Clause",
    "opensource.org/licenses/bsd-3-clause": "BSD-3-Clause",
    "www.apache.org/licenses/license-2.0": "Apache-2.0",
    "apache.org/licenses/license-2.0": "Apache-2.0",
    "www.eclipse.org/legal/epl-2.0": "EPL-2.0",
    "www.eclipse.org/legal/epl-v20": "EPL-2.0",
    "www.mozilla.org/mpl/2.0": "MPL-2.0",
    "www.gnu.org/licenses/gpl-3.0": "GPL-3.0-only",
    "www.gnu.org/licenses/agpl-3.0": "AGPL-3.0-only",
    "creativecommons.org/publicdomain/zero/1.0": "CC0-1.0",
    "unlicense.org": "Unlicense",
}


def identifier(text: str) -> str | None:
    """The identifier that somebody means, where it is one of the usual ways to write it."""
    address = re.sub(r"\Ahttps?://|(?:\.(?:txt|html|php))?/?\Z", "", text.strip().lower())
    if address in _ADDRESSES:
        return _ADDRESSES[address]
    if text.count("(") != text.count(")"):
        return None
    slug = _slug(text)
    found = _OF_SLUG.get(slug)
    # A number alone is left of "GNU General Public License v2", and of much else.
    is_bare = slug[:1].isdigit() and not slug.endswith("bsd")
    return None if found and is_bare and not _NEEDS_FAMILY.search(text) else found


def _slug(text: str) -> str:
    plain = re.sub(r"\bopen source initiative\b|::", " ", text.lower())
    words = re.findall(r">=|[a-z0-9][a-z0-9.]*\+?", plain.replace("-", " "))
    cleaned = (re.sub(r"\Av(?=[0-9])", "", word).rstrip(".") for word in words)
    short = (re.sub(r"(gpl)v(?=[0-9])", r"\1", word) for word in cleaned)
    return " ".join(word for word in short if word and word not in _SAYS_NOTHING)
