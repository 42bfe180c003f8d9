"""Why a manifest cannot be read, and what one may come to. All of them come from outside."""

from __future__ import annotations

from appliance.errors import InvalidError, sentence

MIB = 1024 * 1024
LARGEST_BYTES = 16 * MIB
"""Of one file. Locks of the largest known projects have some 5 MiB."""
MOST_VALUES = 1_000_000
"""Of all values in one file."""
DEEPEST = 64
"""How far values may stand inside one another."""
MOST_ALIASES = 100
"""Of repeated parts in a YAML file; none of the locks uses them."""
MOST_COMPONENTS = 100_000
LONGEST_LINE = 100_000
"""Characters of a line, in formats that are read line by line."""
LONGEST_TEXT = 2048
"""Characters of a name, a version, a range."""
MOST_FILES = 50
"""That one file may include, itself or through others."""


class ManifestError(InvalidError):
    """The file cannot be read as what its name says it is. `line` is where."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


def wrong(line: int, why: str) -> ManifestError:
    """What to raise for a line."""
    return ManifestError(sentence("Line %(line)s: %(why)s", line=line, why=why), line)


def not_understood(line: int) -> ManifestError:
    """The line fits nothing that the format allows."""
    return wrong(line, sentence("This is not understood."))


def malformed(line: int, language: str) -> ManifestError:
    """The text is not even JSON, TOML, YAML or XML."""
    return wrong(line, sentence("This is not well-formed %(language)s.", language=language))


def missing(line: int, field: str) -> ManifestError:
    """A field is not there that always is."""
    return wrong(line, sentence("%(field)s is missing.", field=field))


def unfit(line: int, field: str) -> ManifestError:
    """A field is not of the kind that the format says."""
    return wrong(line, sentence("%(field)s is not as it should be.", field=field))


def unknown_version(line: int, version: str) -> ManifestError:
    """The file says it is in a version of its format that nobody here knows."""
    said = repr(version[:40])
    return wrong(
        line, sentence("The version %(version)s of this format is not known.", version=said)
    )


def too_deep(line: int) -> ManifestError:
    """Values stand inside one another without an end."""
    return wrong(line, sentence("This is nested too deeply."))


def too_many(line: int) -> ManifestError:
    """More values, components, repetitions or files than any honest file has."""
    return wrong(line, sentence("From here on there is more than is read."))
