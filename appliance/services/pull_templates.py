"""What the description of a pull request begins with: a Markdown file of the default branch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.domain.conversations import LARGEST_TEXT_BYTES
from appliance.errors import ApplianceError
from appliance.git import blobs, refs

if TYPE_CHECKING:
    from appliance.services.files import OpenRepository

PLACES = (
    b".codara/pull_request_template.md",
    b".github/pull_request_template.md",
    b".github/PULL_REQUEST_TEMPLATE.md",
    b"docs/pull_request_template.md",
    b"pull_request_template.md",
    b"PULL_REQUEST_TEMPLATE.md",
)


def text(repository: OpenRepository) -> str:
    """What the first of these files says; nothing where there is none."""
    try:
        commit = refs.resolve(repository.folder, b"").commit
    except ApplianceError:
        return ""
    for place in PLACES:
        try:
            found = blobs.file(repository.folder, commit, place, most_bytes=LARGEST_TEXT_BYTES)
        except ApplianceError:
            continue
        if found.content is not None and not found.is_binary:
            return found.content.decode("utf-8", "replace").lstrip("\ufeff")
    return ""
