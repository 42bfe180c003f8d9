"""How a glance at a repository ends that was to answer without starting git.

A glance answers what is small and plain to see, and leaves everything else to the git program.
"""

from __future__ import annotations

import pygit2

from appliance.errors import ApplianceError


class UnclearError(Exception):
    """It takes more than a glance."""


UNCLEAR = (UnclearError, ApplianceError, KeyError, ValueError, OSError, pygit2.GitError)
"""Every way in which a glance fails, by us or a library. Git then says what is wrong, if it is."""
