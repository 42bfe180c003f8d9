"""`codara repo check`: whether a repository is sound, asked before its turn."""

from __future__ import annotations

import click

from appliance.cli import job, options
from appliance.cli.client import repository as place
from appliance.cli.context import Context, Verb, current


@click.command(cls=Verb)
@options.repository
@current
def check(context: Context, repository: str) -> None:
    """Have a repository checked for damage now, such as after mending it.

    For administrators. Shows the job that does it; `codara job wait ID` waits for its end, and
    `codara check` says whether any repository is damaged then.
    """
    job.show_job(context, context.api.call("POST", f"{place(repository)}/check"))
