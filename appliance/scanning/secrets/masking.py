"""How a secret is shown: enough to recognise it, too little to use it."""

from __future__ import annotations

SHOWN_AT_START, SHOWN_AT_END = 4, 2
LEAST_HIDDEN = 10
MARK = "…"
ARMOUR = "-----BEGIN"


def masked(secret: str) -> str:
    """The first and last characters, where so many stay hidden that nobody guesses them."""
    if secret.lstrip().startswith(ARMOUR):
        return plain(secret.strip().splitlines()[0][:60]) + MARK
    start = secret[:SHOWN_AT_START]
    if len(secret) < SHOWN_AT_START + LEAST_HIDDEN:
        return MARK
    end = secret[-SHOWN_AT_END:] if len(secret) >= 2 * LEAST_HIDDEN else ""
    return plain(start) + MARK + plain(end)


def plain(text: str) -> str:
    """Nothing that a terminal obeys."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
