"""`codara login`, `logout` and `whoami`: which appliance commands reach, and as whom."""

from __future__ import annotations

import os
import sys
from http import HTTPStatus
from pathlib import Path
from typing import Any

import click

from appliance.cli import logins
from appliance.cli.client import Client, Http, ProblemError
from appliance.cli.context import Context, Plain, Verb, current
from appliance.cli.logins import Login

FIELDS = {"appliance": "Appliance", "name": "User", "role": "Role on the instance"}


@click.command(cls=Plain)
@click.argument("url")
@click.option("--token-stdin", is_flag=True, help="The token is the first line of the input.")
@click.option(
    "--ca",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True, path_type=Path),
    help="Trust the authority in this file (PEM), not those of the system.",
)
@click.option(
    "--insecure-http", is_flag=True, help="Send the token UNENCRYPTED over http:// to other hosts."
)
@current
def login(
    context: Context, url: str, *, token_stdin: bool, ca: Path | None, insecure_http: bool
) -> None:
    """Use the appliance at URL from now on, with an access token.

    The token is asked for, or read from the input or $CODARA_TOKEN. It is kept in the key ring of
    the system, or else in a file that only you may read. Commands reach this appliance unless
    --home, --url or an appliance in ./var says otherwise.
    """
    place = logins.address(url, insecure_http=insecure_http)
    wanted = Login(place, _token(token_stdin=token_stdin), str(ca or ""), insecure_http)
    api = Client(Http(wanted.url, wanted.ca), {"Authorization": f"Bearer {wanted.token}"})
    found = _whose(context, api)
    in_keyring = logins.remember(wanted)
    where = "the key ring" if in_keyring else str(logins.file())
    context.show_thing({"appliance": place, **found}, FIELDS)
    context.say(f"The token is in {where}.")


@click.command(cls=Plain)
@click.argument("url", required=False, default="")
@current
def logout(context: Context, url: str) -> None:
    """Forget the appliance at URL, or the usual one, and its token here.

    The token itself stays good: to end it, use `codara token delete`.
    """
    place = logins.forget(url)
    context.show({"forgotten": place}, lambda: [f"Forgot {place}."])


@click.command(cls=Verb)
@current
def whoami(context: Context) -> None:
    """Say which appliance commands reach, and as whom."""
    found = _whose(context, context.api)
    context.show_thing({"appliance": context.place, **found}, FIELDS)


def _whose(context: Context, api: Client) -> dict[str, Any]:
    """Whom the token belongs to; nothing, with the reason said, where it may not tell.

    Errors:
        ProblemError: it is no good.
    """
    try:
        found: dict[str, Any] = api.call("GET", "/user")
    except ProblemError as error:
        if error.http_status != HTTPStatus.FORBIDDEN:
            raise
        context.say(f"The appliance knows this token, and does not say whose it is. {error}")
        return {}
    return found


def _token(*, token_stdin: bool) -> str:
    token = "" if token_stdin else os.environ.get("CODARA_TOKEN", "")
    if not token and (token_stdin or not sys.stdin.isatty()):
        token = sys.stdin.readline()
    elif not token:
        token = click.prompt("Token", hide_input=True, err=True)
    token = token.strip()
    if not token or not token.isascii() or not token.isprintable():
        raise click.UsageError("That is no token. Make one in the portal, under Tokens.")
    return token
