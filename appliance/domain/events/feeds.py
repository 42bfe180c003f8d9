"""Events about feeds of advisories, and about what repositories are made of."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.events.base import Event, Outcome, personal

__all__ = [
    "DependenciesCompared",
    "FeedBrought",
    "FeedDiscarded",
    "FeedImported",
    "FeedRefused",
    "FeedRestored",
    "FeedRootTrusted",
    "InventoryExported",
    "InventoryRemoved",
    "InventoryUploaded",
]


@dataclass(frozen=True, kw_only=True)
class FeedRootTrusted(Event):
    """Feeds count from now on if these keys signed them: an administrator brought them, or those
    before signed them.
    """

    kind = "dep_scan.feed_keys_changed"
    target = "feed"
    number: int
    threshold: int
    keys: list[str]
    by: str
    """`administrator`, or `feed`."""


@dataclass(frozen=True, kw_only=True)
class FeedBrought(Event):
    """Somebody brought a feed; whether it is believed is not known yet."""

    kind = "dep_scan.feed_brought"
    target = "feed"
    feed: str
    size_bytes: int
    file_name: str = personal("")


@dataclass(frozen=True, kw_only=True)
class FeedImported(Event):
    """Newer knowledge of vulnerabilities was taken in."""

    kind = "dep_scan.feed_imported"
    target = "feed"
    feed: str
    version: str
    """The serial number."""
    advisories: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class FeedRefused(Event):
    """A feed was not believed."""

    kind = "dep_scan.feed_refused"
    target = "feed"
    outcome = Outcome.REFUSED
    feed: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class FeedDiscarded(Event):
    """Somebody decided that a feed is not taken in."""

    kind = "dep_scan.feed_discarded"
    target = "feed"
    feed: str


@dataclass(frozen=True, kw_only=True)
class FeedRestored(Event):
    """Somebody went back to the feed before."""

    kind = "dep_scan.feed_restored"
    target = "feed"
    feed: str
    version: str
    instead_of: str
    """The feed that was current until then."""


@dataclass(frozen=True, kw_only=True)
class DependenciesCompared(Event):
    """Dependencies were compared with what is known."""

    kind = "dep_scan.completed"
    target = "repo"
    commit: str
    components: int
    found: int
    unknown: int
    feed: str


@dataclass(frozen=True, kw_only=True)
class InventoryExported(Event):
    """A list of components was taken out."""

    kind = "dep_scan.inventory_exported"
    target = "repo"
    is_read = True
    commit: str
    format: str
    components: int


@dataclass(frozen=True, kw_only=True)
class InventoryUploaded(Event):
    """A bill of materials was handed in: its components are compared from now on."""

    kind = "dep_scan.inventory_uploaded"
    target = "repo"
    name: str
    format: str
    components: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class InventoryRemoved(Event):
    """A bill of materials that was handed in counts no more."""

    kind = "dep_scan.inventory_removed"
    target = "repo"
    name: str
