"""`codara witness`: witnesses of the audit log, on the appliance and on their own machines."""

from __future__ import annotations

import click

from appliance.cli import witness_appliance, witness_machine
from appliance.cli.context import Noun


@click.group(cls=Noun)
def witness() -> None:
    """Witnesses: others who sign the states of the audit logs, so that nobody can rewrite them.

    On the appliance: list, trust, remove, quorum, export, import. On the machine of a witness,
    which needs no appliance: key, add-log, remove-log, logs, serve, sign.
    """


for command in (
    *(witness_appliance.list_witnesses, witness_appliance.trust, witness_appliance.remove),
    *(witness_appliance.quorum, witness_appliance.export, witness_appliance.bring),
    *(witness_machine.key, witness_machine.add_log, witness_machine.remove_log),
    *(witness_machine.list_logs, witness_machine.serve, witness_machine.sign),
):
    witness.add_command(command)
