"""Which licence a text is, by what only that licence says; and what headers of sources say.

A text is compared word by word, whatever its lines, quotes and marks look like. Several licences
in one file all count.

Source: the licences themselves; SPDX Specification 2.3, annex E, "Short identifiers in sources".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from appliance.scanning.licences import expressions
from appliance.scanning.licences.expressions import Every, Expression, Licence

LARGEST_BYTES = 512 * 1024
"""Of a licence file. All licences of a large product in one have less."""
HEADER_BYTES = 16 * 1024
"""Of a source: what comes later is no header."""

_IDENTIFIER = re.compile(
    r"SPDX-License-Identifier:[ \t]*([^\n\r*/#<>]{1,300}?)[ \t]*(?:-->|[*/#<\n\r]|\Z)"
)
_NAME = re.compile(
    r"(?:\A|/)(?:(?:un)?licen[cs]e|copying|copyright|notice|legal|patents)"
    r"(?:[._-][\w.-]*)?\Z|(?:\A|/)licen[cs]es/[^/]+\Z",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Marks:
    """A licence, what it says, and what says that it is another one."""

    name: str
    says: tuple[str, ...]
    says_not: tuple[str, ...] = ()


_BSD = (
    "redistribution and use in source and binary forms with or without modification are permitted"
)
_MAY_NOT_ENDORSE = "may be used to endorse or promote products derived from this software"
_ADVERTISING = "all advertising materials mentioning features or use of this software must display"
_MIT = "permission is hereby granted free of charge to any person obtaining a copy of this software"
_MIT_NOTICE = "this permission notice shall be included in all copies or substantial portions"
_ISC = (
    "permission to use copy modify and or distribute this software for any purpose "
    "with or without fee is hereby granted"
)
_POSTGRESQL = (
    "permission to use copy modify and distribute this software and its documentation "
    "for any purpose without fee and without a written agreement is hereby granted"
)
_CC = "creative commons attribution"
_MARKS = (
    _Marks("MIT", (_MIT, _MIT_NOTICE), ("shall be used for good not evil",)),
    _Marks("MIT-0", (_MIT,), (_MIT_NOTICE, "above copyright notice")),
    _Marks("JSON", (_MIT, "the software shall be used for good not evil")),
    _Marks("ISC", (_ISC, "above copyright notice and this permission notice appear in all copies")),
    _Marks("0BSD", (_ISC,), ("this permission notice appear in all copies",)),
    _Marks("BSD-2-Clause", (_BSD,), (_MAY_NOT_ENDORSE, _ADVERTISING)),
    _Marks(
        "BSD-3-Clause",
        (_BSD, _MAY_NOT_ENDORSE),
        (_ADVERTISING, "no express or implied licenses to any party s patent"),
    ),
    _Marks("BSD-3-Clause-Clear", (_BSD, "no express or implied licenses to any party s patent")),
    _Marks("BSD-4-Clause", (_BSD, _MAY_NOT_ENDORSE, _ADVERTISING)),
    _Marks("Apache-2.0", ("apache license version 2 0 january 2004",)),
    _Marks("Apache-2.0", ("licensed under the apache license version 2 0",)),
    _Marks("GPL-2.0-only", ("gnu general public license version 2 june 1991",)),
    _Marks("GPL-3.0-only", ("gnu general public license version 3 29 june 2007",)),
    _Marks("LGPL-2.0-only", ("gnu library general public license version 2 june 1991",)),
    _Marks("LGPL-2.1-only", ("gnu lesser general public license version 2 1 february 1999",)),
    _Marks("LGPL-3.0-only", ("gnu lesser general public license version 3 29 june 2007",)),
    _Marks("AGPL-3.0-only", ("gnu affero general public license version 3 19 november 2007",)),
    _Marks("MPL-1.1", ("mozilla public license version 1 1",)),
    _Marks("MPL-2.0", ("mozilla public license version 2 0 1 definitions",)),
    _Marks("MPL-2.0", ("subject to the terms of the mozilla public license v 2 0",)),
    _Marks("EPL-1.0", ("eclipse public license v 1 0",)),
    _Marks("EPL-2.0", ("eclipse public license v 2 0",)),
    _Marks("CDDL-1.0", ("common development and distribution license cddl version 1 0",)),
    _Marks(
        "Unlicense", ("this is free and unencumbered software released into the public domain",)
    ),
    _Marks("CC0-1.0", ("cc0 1 0 universal",)),
    _Marks("CC-BY-4.0", (f"{_CC} 4 0 international public license",)),
    _Marks("CC-BY-SA-4.0", (f"{_CC} sharealike 4 0 international public license",)),
    _Marks("CC-BY-NC-4.0", (f"{_CC} noncommercial 4 0 international public license",)),
    _Marks("BSL-1.0", ("boost software license version 1 0 august 17th 2003",)),
    _Marks(
        "Zlib",
        (
            "altered source versions must be plainly marked as such",
            "in no event will the authors be held liable",
        ),
    ),
    _Marks("WTFPL", ("do what the fuck you want to public license",)),
    _Marks("Artistic-2.0", ("artistic license 2 0",)),
    _Marks("PostgreSQL", (_POSTGRESQL,)),
    _Marks("PSF-2.0", ("python software foundation license version 2",)),
    _Marks("EUPL-1.2", ("european union public licence v 1 2",)),
    _Marks("OFL-1.1", ("sil open font license version 1 1",)),
    _Marks("UPL-1.0", ("the universal permissive license upl version 1 0",)),
    _Marks("MS-PL", ("microsoft public license ms pl",)),
    _Marks("NCSA", ("university of illinois ncsa open source license",)),
    _Marks("Elastic-2.0", ("elastic license 2 0 acceptance",)),
    _Marks("SSPL-1.0", ("server side public license version 1 october 16 2018",)),
    _Marks("BUSL-1.1", ("business source license 1 1",)),
    _Marks("CC-BY-3.0", (f"{_CC} 3 0 unported",)),
)
_GNU_HEADER = re.compile(
    r"(?:terms of the )?gnu (?P<family>lesser |library |affero )?general public license "
    r"(?:version (?P<before>[123](?: [01])?) )?(?:as published by the free software foundation ?)"
    r"(?:either )?(?:version (?P<after>[123](?: [01])?)(?: of the license)?)?"
    r"(?P<later> or at your option any later version)?"
)
_FAMILIES = {"": "GPL", "lesser ": "LGPL", "library ": "LGPL", "affero ": "AGPL"}
_HOW_TO_APPLY = "how to apply these terms to your new"


def is_licence_file(path: str) -> bool:
    """Whether a file is called as licences are."""
    return bool(_NAME.search(path))


def of_text(content: bytes) -> Expression | None:
    """The licences that a whole text is; None where none is recognised."""
    words = _words(content[:LARGEST_BYTES])
    found = [
        marks.name
        for marks in _MARKS
        if all(each in words for each in marks.says)
        and not any(each in words for each in marks.says_not)
    ]
    names = list(dict.fromkeys(found))
    return expressions.joined(Every, [Licence(each) for each in names]) if names else None


def of_header(content: bytes) -> Expression | None:
    """What a source says of itself: by its identifier, or in the words of a known header."""
    head = content[:HEADER_BYTES]
    said = [
        expression
        for found in _IDENTIFIER.finditer(head.decode("utf-8", "replace"))
        for expression in [expressions.read(found[1])]
        if expression is not None
    ]
    if said:
        return expressions.joined(Every, said)
    words = _words(head)
    if _HOW_TO_APPLY in words:
        return of_text(content)
    gnu = _GNU_HEADER.search(words)
    return _gnu(gnu) if gnu and (gnu["before"] or gnu["after"]) else of_text(head)


def _gnu(found: re.Match[str]) -> Expression:
    version = (found["before"] or found["after"]).replace(" ", ".")
    number = version if "." in version else f"{version}.0"
    ending = "or-later" if found["later"] else "only"
    name = f"{_FAMILIES[found['family'] or '']}-{number}-{ending}"
    return expressions.read(name) or Licence(name, is_known=False)


def _words(content: bytes) -> str:
    """Words with one space between them; marks of comments and quotes are none."""
    return " ".join(re.findall(r"[a-z0-9]+", content.decode("utf-8", "replace").lower()))
