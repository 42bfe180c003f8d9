"""Pictures that a camera reads (QR codes), drawn into the page itself."""

from __future__ import annotations

import segno
from markupsafe import Markup

PIXELS = 4
"""Width of one square; a code of an app is about 50 squares wide."""
QUIET_SQUARES = 4  # Source: ISO/IEC 18004, section 6.3.8.


def picture(text: str) -> Markup:
    """The code of a text as SVG, dark on white in every theme, because cameras insist on that."""
    code = segno.make(text, error="m", micro=False)
    drawn = code.svg_inline(scale=PIXELS, border=QUIET_SQUARES, dark="#000", light="#fff")
    return Markup(drawn)  # noqa: S704 - the library draws squares; no letter of the text is in it.
