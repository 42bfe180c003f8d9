"""Texts that somebody else wrote, without the secrets in them.

Whatever any rule takes for a secret is masked, sure or not: to show too little of a text costs
less than to keep a secret.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from appliance.scanning.secrets import masking, rules
from appliance.scanning.secrets.deep import DeepScanner
from appliance.scanning.secrets.scanner import SecretScanner


def changes(texts: Iterable[str]) -> dict[str, str]:
    """The texts that hold a secret, each with how it is written without."""
    distinct = [each for each in dict.fromkeys(texts) if each]
    if not _scanner().scan(_bytes("\n".join(distinct))).findings:
        return {}
    hidden = {each: _hidden(each) for each in distinct}
    return {each: text for each, text in hidden.items() if text != each}


def _hidden(text: str) -> str:
    data = _bytes(text)
    pieces, done = [], 0
    for each in sorted(_scanner().scan(data).findings, key=lambda found: found.start):
        if each.start < done:
            continue  # Decoded from what is masked already.
        pieces += [data[done : each.start], masking.masked(each.secret).encode()]
        done = each.end
    return b"".join([*pieces, data[done:]]).decode("utf-8", "surrogatepass")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@cache
def _scanner() -> DeepScanner:
    return DeepScanner(SecretScanner(rules.shipped()))
