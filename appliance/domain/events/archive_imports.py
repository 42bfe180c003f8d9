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
    """The import of an archive was requested."""

    kind = "repo.archive_import_requested"
    target = "import"
    source: str
    file_name: str = personal("")


@dataclass(frozen=True, kw_only=True)
class ArchiveUploaded(Event):
    """An archive was uploaded for an import."""

    kind = "repo.archive_uploaded"
    target = "import"
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class ArchiveImportChanged(Event):
    """Repositories, their names and users were chosen for the import of an archive."""

    kind = "repo.archive_import_changed"
    target = "import"
    repositories: int
    people: int
    """So many of the archive are users here."""


@dataclass(frozen=True, kw_only=True)
class ArchiveImportStarted(Event):
    """The import of an archive was started or resumed."""

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
    """The import of an archive finished."""

    kind = "repo.archive_import_finished"
    target = "import"
    repositories: int
    failed: int


@dataclass(frozen=True, kw_only=True)
class ArchiveImportFailed(Event):
    """The import of an archive failed."""

    kind = "repo.archive_import_failed"
    target = "import"
    outcome = Outcome.FAILED
    reason: str


@dataclass(frozen=True, kw_only=True)
class ArchiveImportCancelled(Event):
    """The import of an archive was cancelled; what has been imported stays."""

    kind = "repo.archive_import_cancelled"
    target = "import"
