"""`codara witness`: witnesses of the audit log, on the appliance and on their own machines."""

from __future__ import annotations

import click

from appliance.cli import witness_machine
from appliance.cli.context import Noun


@click.group(cls=Noun)
def witness() -> None:
    """Witnesses: others who sign the states of the audit logs, so that nobody can rewrite them."""


for command in (
    *(witness_machine.serve, witness_machine.key, witness_machine.sign),
    *(witness_machine.add_log, witness_machine.remove_log, witness_machine.list_logs),
):
    witness.add_command(command)
