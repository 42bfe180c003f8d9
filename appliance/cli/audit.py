"""`codara audit`: the audit log. Each file `audit_*.py` has the commands of one topic."""

from __future__ import annotations

import click

from appliance.cli import (
    audit_access,
    audit_export,
    audit_keeping,
    audit_proofs,
    audit_prune,
    audit_search,
    audit_streams,
    audit_verify,
    auditors,
)
from appliance.cli.context import Noun


@click.group(cls=Noun)
def audit() -> None:
    """The audit log: search it, follow it, take it along, prove and verify it."""


audit.add_command(audit_access.access)
audit.add_command(audit_search.search)
audit.add_command(audit_search.tail)
audit.add_command(audit_search.show)
audit.add_command(audit_export.export)
audit.add_command(audit_keeping.recover)
audit.add_command(audit_keeping.rotate_key)
audit.add_command(audit_proofs.trust)
audit.add_command(audit_proofs.prove)
audit.add_command(audit_proofs.checkpoint)
audit.add_command(audit_prune.prune)
audit.add_command(audit_verify.verify)
audit.add_command(audit_verify.reconcile)
audit.add_command(audit_streams.stream)
audit.add_command(auditors.auditor)
