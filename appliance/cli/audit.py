"""`codara audit`: the audit log. Each file `audit_*.py` has the commands of one topic."""

from __future__ import annotations

import click

from appliance.cli.context import Noun


@click.group(cls=Noun)
def audit() -> None:
    """The audit log: search it, follow it, take it along, prove and verify it."""
