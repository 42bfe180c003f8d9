"""`codara repo import` and `fork`: repositories whose content comes after them."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import click

from appliance.cli import job, options
from appliance.cli.client import repository as place
from appliance.cli.context import Context, Verb, current
from appliance.errors import ApplianceError, RefusedError

ARRIVING = frozenset({"importing", "forking"})
FIELDS = {"path": "Repository", "content": "Content", "https_url": "HTTPS", "ssh_url": "SSH"}
LOOK_SECONDS = 0.5
no_wait = click.option("--no-wait", is_flag=True, help="Do not wait for its content.")


class ArrivalError(ApplianceError):
    """The content of a repository did not come."""


@click.command("import", cls=Verb)
@click.argument("source")
@options.repository
@click.option(
    "--visibility",
    type=click.Choice(options.VISIBILITIES),
    default="private",
    show_default=True,
    help="Who may read it without a role on it.",
)
@click.option("--description", default="", metavar="TEXT", help="What it is for.")
@click.option("--username", default="", metavar="NAME", help="Whom the source knows you as.")
@click.option(
    "--password-stdin", is_flag=True, help="The password for it is the first line of the input."
)
@no_wait
@current
def import_repository(
    context: Context,
    /,
    source: str,
    repository: str,
    *,
    password_stdin: bool,
    no_wait: bool,
    username: str,
    **about: str,
) -> None:
    """Bring a repository in as OWNER/NAME, with all its refs and large files.

    SOURCE is an https address, or a folder or a bundle on the appliance's own machine.
    """
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else ""
    wanted = _source(context, source, username, password)
    made = context.api.call("POST", f"{place(repository)}/import", {**wanted, **about})
    _show(context, made, no_wait=no_wait)


@click.command(cls=Verb)
@options.repository
@click.option("--into", metavar="OWNER[/NAME]", help="Where to; yourself otherwise.")
@click.option(
    "--visibility",
    type=click.Choice(options.VISIBILITIES),
    help="Who may read it without a role on it; as the parent otherwise.",
)
@no_wait
@current
def fork(
    context: Context, repository: str, into: str | None, visibility: str | None, *, no_wait: bool
) -> None:
    """Make a repository of one's own that begins as this one is."""
    wanted = {"into": into, "visibility": visibility}
    made = context.api.call("POST", f"{place(repository)}/fork", wanted)
    _show(context, made, no_wait=no_wait)


def _source(context: Context, source: str, username: str, password: str) -> dict[str, str]:
    """What the API wants to know of a source. A password in an address does not stay in it."""
    parts = urlsplit(source)
    if "://" not in source or parts.scheme == "file":
        if context.is_elsewhere:
            raise RefusedError(
                "Folders and bundles are imported on the appliance's own machine. From here, "
                "create the repository and use: git push --mirror"
            )
        path = Path(unquote(parts.path) if parts.scheme == "file" else source).expanduser()
        if not path.exists():
            raise click.UsageError(f"{source} is no address, and there is no such file or folder.")
        return {"local": str(path.resolve())}
    user = username or unquote(parts.username or "")
    secret = password or unquote(parts.password or "")
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return {"url": bare, "username": user, "password": secret}


def _show(context: Context, made: dict[str, Any], *, no_wait: bool) -> None:
    if made["content"] in ARRIVING and not no_wait:
        if context.is_served:
            made = wait_for_content(context, made)
        else:
            context.say("The appliance is not running. Its content comes when it does.")
    context.show_thing(made, FIELDS)


def wait_for_content(context: Context, made: dict[str, Any]) -> dict[str, Any]:
    """The repository once its content is there; a bar on the terminal shows how far it is.

    Errors:
        ArrivalError: it did not come.
    """
    reason, found = "", _job_of(context, made)
    try:
        if found is not None:
            ended = job.follow(context, found["id"])
            reason = "" if ended["state"] == "done" else ended["error"] or ended["state"]
        while made["content"] in ARRIVING and not reason:
            made = context.api.call("GET", place(made["path"]))
            if made["content"] in ARRIVING:
                time.sleep(LOOK_SECONDS)
    except KeyboardInterrupt:
        look = f"codara repo show {made['path']}"
        if found is not None:
            look = f"codara job wait {found['id']}. To stop it: codara job cancel {found['id']}"
        raise ArrivalError(f"It goes on without us. How far it is: {look}") from None
    if reason or made["content"] != "ready":
        raise ArrivalError(f"{made['path']} did not get its content. {reason}".strip())
    return made


def _job_of(context: Context, made: dict[str, Any]) -> dict[str, Any] | None:
    """The job that brings it; None where one may not see it."""
    kind = "repo.import" if made["content"] == "importing" else "repo.fork"
    try:
        found: list[dict[str, Any]] = context.api.call("GET", "/jobs", query={"job": kind})["items"]
    except ApplianceError:
        return None
    return next((each for each in found if each["about"] == made["id"]), None)
