"""Whether commits and tags were signed by whom they name, for pages and for the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from appliance.services import signatures
from appliance.web import requests

if TYPE_CHECKING:
    from appliance.git.commits import Commit
    from appliance.git.refs import Ref
    from appliance.services.files import OpenRepository
    from appliance.services.signatures import Checked


def of_commits(repository: OpenRepository, commits: Sequence[Commit]) -> dict[str, Checked]:
    """What came of checking the signatures of commits of a repository, by their ids."""
    if not any(commit.is_signed for commit in commits):
        return {}
    with requests.reading() as work:
        return signatures.of_commits(work, commits, organisation_id=repository.organisation_id)


def of_tags(repository: OpenRepository, tags: Sequence[Ref]) -> dict[str, Checked]:
    """The same of tags, by the ids of their objects."""
    if not any(tag.signed for tag in tags):
        return {}
    with requests.reading() as work:
        return signatures.of_tags(work, tags, organisation_id=repository.organisation_id)
