"""What rules on suspicious activity look at, and from when on they tell something."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from appliance.settings_sections import Section

ActivityRuleName = Literal[
    "new_place", "mass_clone", "mass_deletion", "odd_hours", "foreign_author", "dormant"
]


class Activity(Section):
    """Rules over the audit log that tell of suspicious activity."""

    rules: tuple[ActivityRuleName, ...] = (
        *("new_place", "mass_clone", "mass_deletion"),
        *("odd_hours", "foreign_author", "dormant"),
    )
    """Which rules tell something; empty: none."""
    quiet_days: int = Field(default=7, ge=0)
    """So long after an alert the same rule tells nothing more of the same identity."""
    memory_days: int = Field(default=90, ge=1)
    """How long networks and hours count as usual after they were last seen."""
    settled_days: int = Field(default=30, ge=1)
    """How long a token must have been in use before a new network is told."""
    most_networks: int = Field(default=2, ge=1, le=40)
    """A token that came from more networks than that is not watched for new ones."""
    clone_repositories: int = Field(default=30, ge=2, le=400)
    """So many different repositories fetched by a person in `clone_minutes` are told."""
    clone_repositories_of_machines: int = Field(default=100, ge=2, le=400)
    """The same for service accounts and deploy keys."""
    clone_minutes: int = Field(default=60, ge=1, le=1440)
    """The window of the two above."""
    deleted_refs: int = Field(default=100, ge=1)
    """So many branches and tags deleted in `deletion_minutes` are told."""
    deleted_repositories: int = Field(default=5, ge=1)
    """The same for repositories; both together count in proportion."""
    deletion_minutes: int = Field(default=60, ge=1, le=1440)
    """The window of the two above."""
    odd_hours_days: int = Field(default=20, ge=2, le=90)
    """On so many days a machine must have pushed before its hours are known."""
    most_hours: int = Field(default=18, ge=1, le=24)
    """A machine that pushes in more hours of the day than that has none that are odd."""
    foreign_commits: int = Field(default=20, ge=1)
    """So many commits of other users pushed by a person in `foreign_hours` are told."""
    foreign_protected: int = Field(default=1, ge=1)
    """The same for the default branch and protected branches."""
    foreign_hours: int = Field(default=24, ge=1, le=168)
    """The window of the two above."""
    dormant_days: int = Field(default=90, ge=1)
    """A user of whom nothing was recorded for so long is told when they return."""
