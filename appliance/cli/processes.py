"""The processes of an appliance: `serve`, `worker`, `scanner`, `migrate` and the others."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import click

from appliance import late
from appliance.cli import check as checking
from appliance.cli import everything, instance, programs, terminal
from appliance.cli.context import Context, Verb, current
from appliance.cli.everything import PASSWORD_VARIABLE


@click.command(cls=Verb)
@click.option("--all", "everything_at_once", is_flag=True, help="Run every part, supervised.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on (0: a free one).")
@click.option("--demo", is_flag=True, help="With --all: fill it with people and a repository.")
@click.option("--logs", is_flag=True, help="With --all: logs to this terminal, not to files.")
@current
def serve(
    context: Context, *, everything_at_once: bool, port: int | None, demo: bool, logs: bool
) -> None:
    """Run the web tier; with --all, the whole appliance.

    `--all` runs everything that an appliance needs in one tree of processes, which ends as one:
    database, queue, web, workers, scheduler and Git over SSH. Without it, only the web tier runs,
    as a service of an installed host.
    """
    home = context.home_folder
    if everything_at_once:
        everything.serve(everything.Wishes(home, port, demo=demo, logs_to_terminal=logs))
        return
    if demo or logs:
        raise click.UsageError("--demo and --logs go with --all.")
    if port is not None:
        os.environ["CODARA_SERVER__PORT"] = str(port)
    _become("appliance.cli.web_server", home)


@click.command(cls=Verb)
@click.option(
    "--lane",
    "lanes",
    type=click.Choice(["quick", "long", "upkeep"]),
    multiple=True,
    help="Take only jobs of this lane (repeatable).",
)
@current
def worker(context: Context, lanes: tuple[str, ...]) -> None:
    """Do the jobs that wait in the queue, one at a time."""
    _become("appliance.jobs.worker", context.home_folder, lanes or ("quick", "long", "upkeep"))


@click.command(cls=Verb)
@current
def scheduler(context: Context) -> None:
    """Hand promised jobs to the queue, and promise the regular ones."""
    _become("appliance.jobs.schedule", context.home_folder)


@click.command(cls=Verb)
@current
def events(context: Context) -> None:
    """Serve those who listen to what happens in repositories (Server-Sent Events)."""
    _become("appliance.web.event_server", context.home_folder)


@click.command(cls=Verb)
@current
def scanner(context: Context) -> None:
    """Look for secrets in what is pushed, for the others to ask."""
    _become(everything.SCANNER, context.home_folder)


@click.command(cls=Verb)
@current
def ssh(context: Context) -> None:
    """Serve Git over SSH, for hosts whose OpenSSH does not."""
    _become("appliance.cli.ssh_server", context.home_folder)


@click.command(cls=Verb)
@click.option("--account", help="The system account that runs the appliance.")
@current
def sshd(context: Context, account: str | None) -> None:
    """Print what the host's own OpenSSH needs in order to serve Git.

    For the end of sshd_config, with `ssh.embedded` switched off.
    """
    server = importlib.import_module("appliance.cli.ssh_server")
    lines = server.configuration(context.home_folder, account)
    context.show({"configuration": lines}, lambda: [lines.rstrip()])


def _become(module: str, home: Path, *arguments: object) -> None:
    os.umask(0o077)
    os.environ["CODARA_HOME"] = os.fspath(home)
    with late.without():
        importlib.import_module(module)
    programs.module(module, "run", home, *arguments)()


@click.command(cls=Verb)
@current
def migrate(context: Context) -> None:
    """Prepare a home folder: folders, database, hooks, and the first administrator.

    Safe to repeat. A service of an installed host runs it before the others start.
    """
    home = context.home_folder
    os.umask(0o077)
    groundwork = importlib.import_module("appliance.cli.groundwork")
    with instance.alone(home):
        groundwork.prepare(home)
        password = groundwork.lay(home, given_password=os.environ.pop(PASSWORD_VARIABLE, ""))
    if password is not None:
        terminal.say_password(password)
    context.show({"home": os.fspath(home), "password": password}, lambda: [f"{home} is ready."])


@click.command(cls=Verb)
@current
def check(context: Context) -> int:
    """Say how every part is, one line each; exit status 1 where one fails."""
    return checking.check(context)
