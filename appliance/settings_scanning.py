"""The sections of the settings about scanning, and the feeds that it compares with."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from appliance.settings_sections import MIB, Section


class Scanning(Section):
    """Looking for secrets and for weaknesses in code that is pushed."""

    secrets: bool = True
    """Whether repositories are looked through for secrets at all; without, no scanner runs."""
    push_protection: bool = True
    """Whether pushes with secrets in them are refused."""
    push_seconds: float = Field(default=20, gt=0, le=600)
    """Longest that a push waits for the scanner."""
    without_scanner: Literal["open", "closed"] = "open"
    """What becomes of a push that could not be scanned in time: `open` takes it, and scans it as
    soon as the scanner is there again; `closed` refuses it."""
    without_scanner_protected: Literal["open", "closed"] = "closed"
    """The same for branches and tags that rules protect."""
    bypass_days: float = Field(default=7, gt=0, le=90)
    """So long somebody may push a secret after it was allowed."""
    duplicates: bool = True
    """Whether files are compared, so that those that are nearly the same are found."""
    code_program: str = ""
    """Path of the program that looks for weaknesses in code, semgrep or OpenGrep; empty: none
    does."""
    code_seconds: float = Field(default=1800, gt=0, le=5400)
    """Longest that one look at the code of a repository takes."""


class Feeds(Section):
    """Feeds of advisories, licences and rules, which administrators bring."""

    root_file: str = ""
    """Root of keys that counts until an administrator brings another; empty: no feed is trusted."""
    stale_days: float = Field(default=7, gt=0)
    """When the newest feed is older than that, what is not found counts as unknown."""
    bundle_bytes: int = 4 * 1024 * MIB
    """Largest feed that is taken in."""
    unpacked_bytes: int = 64 * 1024 * MIB
    """Most that may come out of the files in a feed."""
