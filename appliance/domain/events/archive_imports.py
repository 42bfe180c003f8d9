"""Events about archives of other systems that somebody brings in. `about` is the import."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.events.base import Event, Outcome, personal

__all__ = [
    "ArchiveImportCancelled",
    "ArchiveImportChanged",
    "ArchiveImportFailed",
    "ArchiveImportFinished",
    "ArchiveImportRequested",
    "ArchiveImportStarted",
    "ArchiveImported",
    "ArchiveUploaded",
]


@dataclass(frozen=True, kw_only=True)
class ArchiveImportRequested(Event):
    """Somebody wants to bring an archive in."""

    kind = "repo.archive_import_requested"
    target = "import"
    source: str
    file_name: str = personal("")


@dataclass(frozen=True, kw_only=True)
class ArchiveUploaded(Event):
    """The archive has arrived, and is read."""

    kind = "repo.archive_uploaded"
    target = "import"
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class ArchiveImportChanged(Event):
    """Somebody said who is who, which repositories come in, and what they are called."""

    kind = "repo.archive_import_changed"
    target = "import"
    repositories: int
    people: int
    """So many of the archive are users here."""


@dataclass(frozen=True, kw_only=True)
class ArchiveImportStarted(Event):
    """Somebody started it, or let it go on; it happens in their name."""

    kind = "repo.archive_import_started"
    target = "import"
    repositories: int
    people: int


@dataclass(frozen=True, kw_only=True)
class ArchiveImported(Event):
    """One repository of an archive has come in; `about` is the repository."""

    kind = "repo.archive_imported"
    target = "repo"
    form: str
    import_id: str


@dataclass(frozen=True, kw_only=True)
class ArchiveImportFinished(Event):
    """All that was wanted of an archive has come in, or as much as could."""

    kind = "repo.archive_import_finished"
    target = "import"
    repositories: int
    failed: int


@dataclass(frozen=True, kw_only=True)
class ArchiveImportFailed(Event):
    """An archive could not be brought in."""

    kind = "repo.archive_import_failed"
    target = "import"
    outcome = Outcome.FAILED
    reason: str


@dataclass(frozen=True, kw_only=True)
class ArchiveImportCancelled(Event):
    """Somebody stopped it; what is here already stays."""

    kind = "repo.archive_import_cancelled"
    target = "import"
