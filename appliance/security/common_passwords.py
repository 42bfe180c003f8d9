"""The words that guessers try first: leaked passwords, common words, names of people.

The lists are zxcvbn's (94,000 entries). They are read on the first question, straight from their
file: importing the package would keep 14 MB in every process, this keeps one text of 0.8 MB.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

from appliance.errors import UnavailableError

SHORTEST_ENTRY = 4  # A shorter stem ("sun", "it") leaves the rest of the password to judge.


def is_common(text: str) -> bool:
    """Whether a lower-case text is in one of the lists.

    Units: about 0.4 ms; a password is set so seldom that an index would be a waste.
    """
    return len(text) >= SHORTEST_ENTRY and "\n" not in text and f"\n{text}\n" in _lists()


@cache
def _lists() -> str:
    """All entries in one text, each between line ends."""
    package = find_spec("zxcvbn")
    if package is None or package.origin is None:
        raise UnavailableError("The list of common passwords is not installed.")
    file = Path(package.origin).with_name("frequency_lists.py")
    # Not `import zxcvbn.frequency_lists`: that would run the package and keep its tables for ever.
    specification = spec_from_file_location("_frequency_lists", file)
    if specification is None or specification.loader is None:
        raise UnavailableError("The list of common passwords cannot be read.")
    module = module_from_spec(specification)
    specification.loader.exec_module(module)
    lists: dict[str, list[str]] = module.FREQUENCY_LISTS
    entries = {entry for entries in lists.values() for entry in entries}
    return "\n" + "\n".join(sorted(entries)) + "\n"
