"""`codara audit recover, rotate-key`: what an administrator does at the console for the log."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from appliance.cli import options
from appliance.cli.at_console import opened
from appliance.cli.context import Context, Verb, current
from appliance.services.audit_log import recovery

MEANING = (
    "The log as it is ends here for good, and a successor begins, whose first entry names the last "
    "state that was signed. Auditors will see this, and need a new key file. If a newer copy of "
    "the database is anywhere, put that back instead."
)


@click.command(cls=Verb)
@options.yes
@current
def recover(context: Context, *, yes: bool) -> None:
    """Begin a successor of each log that cannot go on.

    That is so where the database knows less than was signed, because an earlier state of it was
    put back; or where the key that signs is lost.
    """
    with opened(context) as console:
        tools = console.objects.logs
        with console.reading() as work:
            broken = recovery.broken(work, tools=tools)
        for each in broken:
            context.say(each.why)
        if broken:
            context.say(MEANING)
            context.confirm("Begin a successor?", yes=yes)
        with console.begin() as work:
            done = recovery.recover(work, tools=tools, now=datetime.now(UTC))
        tools.heads.remember(done.heads)
    origins = sorted(done.heads)
    context.show({"logs": origins}, lambda: [f"{origin} has begun." for origin in origins])


@click.command("rotate-key", cls=Verb)
@options.yes
@current
def rotate_key(context: Context, *, yes: bool) -> None:
    """Let a new key sign the audit logs from now on; the old one is destroyed.

    Give auditors a new key file afterwards: `codara audit trust`.
    """
    context.confirm("Exchange the key that signs the audit logs?", yes=yes)
    with opened(context) as console:
        tools = console.objects.logs
        with console.begin() as work:
            done = recovery.rotate_key(work, tools=tools, now=datetime.now(UTC))
        tools.signer.change()
        tools.heads.remember(done.heads)
        keys = [str(tools.signer.keys(origin)[0]) for origin in sorted(done.heads)]
    context.show({"keys": keys}, lambda: keys)
