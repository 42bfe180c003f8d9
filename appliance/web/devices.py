"""What a browser says of itself, in a few words that people know."""

from __future__ import annotations

import re

# The first that fits counts: most browsers claim to be those further down, too.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "curl"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def named(user_agent: str) -> str:
    """`Firefox 130, Linux`; empty where nothing is known."""
    browser = next((pair for pair in BROWSERS if pair[0] in user_agent), None)
    system = next((words for mark, words in SYSTEMS if mark in user_agent), "")
    if browser is None:
        return system
    version = re.search(rf"(?:{browser[0]}\w*|Version)/(\d+)", user_agent)
    words = f"{browser[1]} {version[1]}" if version else browser[1]
    return f"{words}, {system}" if system else words
