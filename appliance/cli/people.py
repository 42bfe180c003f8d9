"""`codara user`: who there is."""

from __future__ import annotations

import sys
from typing import Any

import click

from appliance.cli import (
    factors,
    identities,
    impersonations,
    options,
    person_access,
    sessions,
    social,
)
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, WeightyVerb, current
from appliance.errors import ConflictError

INSTANCE_ROLES = ("user", "administrator", "auditor")
COLUMNS = {
    "name": "NAME",
    "display_name": "DISPLAY NAME",
    "email": "E-MAIL",
    "role": "ROLE",
    "state": "STATE",
    "is_machine": "MACHINE",
    "created_at": "CREATED",
}
FIELDS = {
    "name": "Name",
    "display_name": "Display name",
    "email": "E-mail",
    "role": "Role on the instance",
    "state": "State",
    "is_machine": "Service account",
    "created_at": "Created",
    "id": "Id",
}


@click.group(cls=Noun)
def user() -> None:
    """Users: people, and programs that have a name of their own."""


@user.command(cls=WeightyVerb)
@options.user
@click.option("--email", default="", metavar="ADDRESS", help="Where mail for them goes.")
@click.option("--display-name", default="", metavar="TEXT", help="Their name, as people write it.")
@click.option("--administrator", is_flag=True, help="They run the appliance.")
@click.option("--auditor", is_flag=True, help="They may see everything, and change nothing.")
@click.option("--password-stdin", is_flag=True, help="The password is the first line of the input.")
@click.option("--must-change-password", is_flag=True, help="They set another when they sign in.")
@current
def create(  # One option each.
    context: Context,
    user: str,
    email: str,
    display_name: str,
    *,
    administrator: bool,
    auditor: bool,
    password_stdin: bool,
    must_change_password: bool,
) -> None:
    """Create a user.

    Without --password-stdin they get a one-time link, which is shown once, to set a password.
    """
    if administrator and auditor:
        raise click.UsageError("Say --administrator or --auditor, not both.")
    if must_change_password and not password_stdin:
        raise click.UsageError("--must-change-password goes with --password-stdin.")
    role = "administrator" if administrator else "auditor" if auditor else "user"
    wanted: dict[str, Any] = {
        "name": user,
        "email": email,
        "display_name": display_name,
        "role": role,
    }
    if password_stdin:
        wanted |= {"password": _password(), "must_change_password": must_change_password}
    made = context.api.call("POST", "/users", wanted)
    if not password_stdin:
        made["password_link"] = _reset(context, made["name"])["url"]
    context.show_thing(made, {**FIELDS, **({} if password_stdin else {"password_link": "Link"})})


@user.command("list")
@click.option("--search", default="", metavar="TEXT", help="Only names with this in them.")
@options.limit
@current
def list_users(context: Context, search: str, limit: int | None) -> None:
    """List users."""
    context.show_list(options.listed(context, "/users", limit, q=search), COLUMNS)


@user.command()
@options.user
@current
def show(context: Context, user: str) -> None:
    """Show a user."""
    context.show_thing(context.api.call("GET", _place(user)), FIELDS)


@user.command(cls=WeightyVerb)
@options.user
@click.option("--email", metavar="ADDRESS", help="Where mail for them goes.")
@click.option("--display-name", metavar="TEXT", help="Their name, as people write it.")
@click.option("--about", metavar="TEXT", help="A few words that others read.")
@click.option("--location", metavar="TEXT", help="Where they are.")
@click.option("--website", metavar="URL", help="Their page elsewhere.")
@click.option("--role", type=click.Choice(INSTANCE_ROLES), help="What they are to the instance.")
@current
def change(context: Context, /, user: str, **changes: str | None) -> None:
    """Change a user; what is left out stays."""
    wanted = {key: value for key, value in changes.items() if value is not None}
    if not wanted:
        raise click.UsageError("Say what to change; --help lists what there is.")
    context.show_thing(context.api.call("PATCH", _place(user), wanted), FIELDS)


@user.command()
@options.user
@click.argument("new_name")
@current
def rename(context: Context, user: str, new_name: str) -> None:
    """Give a user another name; the old one leads to it until somebody takes it."""
    context.show_thing(context.api.call("PATCH", _place(user), {"name": new_name}), FIELDS)


@user.command()
@options.user
@click.option("--reason", default="", metavar="TEXT", help="Why; it is kept with the event.")
@current
def suspend(context: Context, user: str, reason: str) -> None:
    """Keep a user out; their sessions end, their tokens and keys stop."""
    wanted = {"suspended": True, "reason": reason}
    context.show_thing(context.api.call("PATCH", _place(user), wanted), FIELDS)


@user.command()
@options.user
@current
def reinstate(context: Context, user: str) -> None:
    """Let a suspended user in again."""
    context.show_thing(context.api.call("PATCH", _place(user), {"suspended": False}), FIELDS)


@user.command("reset-password")
@options.user
@current
def reset_password(context: Context, user: str) -> None:
    """Make a one-time link with which a user sets a new password."""
    link = _reset(context, user)
    context.show(link, lambda: [link["url"]])
    if not context.is_json:
        context.say(f"It works once, until {link['expires_at']}. Give it to {user} only.")


@user.command(cls=WeightyVerb)
@options.user
@options.dry_run
@options.yes
@current
def delete(context: Context, user: str, *, dry_run: bool, yes: bool) -> None:
    """Delete a user for good. They must own no repositories."""
    found = context.api.call("GET", _place(user))
    owned = options.listed(context, "/repos", 1, owner=found["name"])
    if owned:
        raise ConflictError(
            f"{user} owns {owned[0]['path']}. Transfer or delete their repositories first."
        )
    question = f"Delete the user {user} for good?"
    options.remove(context, _place(user), user, question, dry_run=dry_run, yes=yes)


for each in (
    identities.identities,
    identities.link,
    identities.unlink,
    identities.break_glass,
    factors.factors,
    factors.reset_factors,
    impersonations.impersonations,
    person_access.access,
    sessions.sessions,
    sessions.sign_out,
    social.stars,
    social.pins,
    social.pin,
    social.activity,
):
    user.add_command(each)


def _reset(context: Context, user: str) -> dict[str, Any]:
    link: dict[str, Any] = context.api.call("POST", f"{_place(user)}/password-reset")
    return link


def _password() -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise click.UsageError("There is no password in the first line of the input.")
    return password


def _place(user: str) -> str:
    return f"/users/{segment(user)}"
