"""Reserved actions of people who work on content: reviewing, merging, releasing."""

from __future__ import annotations

from appliance.domain.events.base import Outcome
from appliance.domain.events.words import Reserved

FAILED, REFUSED = Outcome.FAILED, Outcome.REFUSED
RELEASE = "release"

ROWS = (
    Reserved("release.created", RELEASE, "A release was drafted.", "tag commit *?title"),
    Reserved("release.published", RELEASE, "A release became visible to readers.", "tag commit"),
    Reserved("release.deleted", RELEASE, "A release was deleted.", "tag"),
    Reserved(
        *("release.asset_added", RELEASE, "A file was added to a release."),
        "tag file sha256 size_bytes:int",
    ),
    Reserved("release.asset_downloaded", RELEASE, "A file was downloaded.", "tag file sha256"),
    Reserved(
        *("git.history_rewritten", "repo", "Commits were replaced, to purge something from them."),
        "refs:int before after map_sha256 *reason",
    ),
    Reserved(
        *("git.kept_back", "repo", "Commits that no ref reaches any more went to the attic."),
        "ref before after commits:int",
    ),
    Reserved(
        *("git.attic_read", "repo", "Somebody looked at commits in the attic."), "commit *reason"
    ),
    Reserved("git.attic_purged", "repo", "Commits were removed from the attic.", "commits:int"),
)
