"""`codara token` and `codara key`: what one shows to be let in."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import IO, Any

import click
from click.shell_completion import CompletionItem

from appliance.cli import credential_inventory, leaked_tokens, options, token_rules
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, current, table
from appliance.errors import NotFoundError

TOKENS = "/user/tokens"
KEYS = "/user/keys"
SIGNING_KEYS = "/user/gpg-keys"
PLACES = {"ssh": KEYS, "gpg": SIGNING_KEYS}
USES = ("both", "authentication", "signing")
SCOPES = (
    *("repo:read", "repo:write", "repo:admin", "org:read", "org:admin", "audit:read"),
    *("scan:read", "scan:write", "governance:read", "governance:write"),
    *("model:use", "model:train", "user", "admin"),
)
TOKEN_COLUMNS = {
    "id": "ID",
    "name": "NAME",
    "scopes": "SCOPES",
    "repositories": "REPOSITORIES",
    "expires_at": "EXPIRES",
    "last_used_at": "LAST USED",
    "revoked_at": "REVOKED",
}
TOKEN_FIELDS = {
    "name": "Name",
    "prefix": "Begins with",
    "scopes": "Scopes",
    "repositories": "Only repositories",
    "created_at": "Created",
    "expires_at": "Expires",
    "last_used_at": "Last used",
    "last_used_from": "Last used from",
    "revoked_at": "Revoked",
    "id": "Id",
}
KEY_COLUMNS = {
    "id": "ID",
    "title": "TITLE",
    "type": "TYPE",
    "fingerprint": "FINGERPRINT",
    "usage": "FOR",
    "expires_at": "EXPIRES",
    "last_used_at": "LAST USED",
}
KEY_FIELDS = {
    "title": "Title",
    "type": "Type",
    "fingerprint": "Fingerprint",
    "usage": "For",
    "created_at": "Created",
    "expires_at": "Expires",
    "last_used_at": "Last used",
    "last_used_from": "Last used from",
    "id": "Id",
}
SIGNING_KEY_COLUMNS = {
    "id": "ID",
    "fingerprint": "FINGERPRINT",
    "algorithm": "ALGORITHM",
    "user_ids": "USER IDS",
    "expires_at": "EXPIRES",
    "revoked": "REVOKED",
}
SIGNING_KEY_FIELDS = {
    "fingerprint": "Fingerprint",
    "algorithm": "Algorithm",
    "user_ids": "User ids",
    "made_at": "Made",
    "expires_at": "Expires",
    "revoked": "Revoked",
    "created_at": "Added",
    "id": "Id",
}
LONGEST_KEY = 512 * 1024
SPAN = re.compile(r"(\d{1,5})([hdwy])\Z")
SPANS = {
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "y": timedelta(days=365),
}


class Scopes(click.ParamType[tuple[str, ...], str]):
    """Scopes with commas between them."""

    name = "SCOPE[,SCOPE...]"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Each of them."""
        scopes = tuple(scope.strip() for scope in value.split(",") if scope.strip())
        unknown = [scope for scope in scopes if scope not in SCOPES]
        if unknown or not scopes:
            wrong = unknown[0] if unknown else value
            self.fail(f"{wrong!r} is none of {', '.join(SCOPES)}.", param, ctx)
        return scopes

    def shell_complete(
        self, _context: click.Context, _parameter: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """What the last of them may become; those before it stay."""
        before, comma, begun = incomplete.rpartition(",")
        said = before.split(",")
        there = [scope for scope in SCOPES if scope.startswith(begun) and scope not in said]
        return [CompletionItem(f"{before}{comma}{scope}") for scope in there]


class Expiry(click.ParamType[str, str]):
    """A span from now, as `30d`."""

    name = "SPAN"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """When it will be over; empty for never."""
        if value == "never":
            return ""
        span = SPAN.match(value)
        if span is None or not int(span[1]):
            self.fail(f"{value!r} is no span. Write 12h, 30d, 4w, 1y or never.", param, ctx)
        return (datetime.now(UTC) + int(span[1]) * SPANS[span[2]]).isoformat()


@click.group(cls=Noun)
def token() -> None:
    """Access tokens: for Git over HTTPS, the API, and this command elsewhere."""


@token.command()
@click.option("--name", default="command line", metavar="TEXT", help="What it is for.")
@click.option(
    "--scope",
    "scopes",
    type=Scopes(),
    required=True,
    multiple=True,
    help=f"What it may be used for: {', '.join(SCOPES)}.",
)
@click.option(
    "--repo",
    "repositories",
    type=options.REPOSITORY,
    multiple=True,
    help="Only this repository (repeatable); all otherwise.",
)
@options.networks
@click.option(
    "--reason", default="", metavar="TEXT", help="Why, for organisations that approve tokens."
)
@click.option(
    "--expires-in",
    "expires_at",
    type=Expiry(),
    required=True,
    help="For how long: 12h, 30d, 4w, 1y or never.",
)
@options.of_user
@current
def create(
    context: Context,
    name: str,
    scopes: tuple[tuple[str, ...], ...],
    repositories: tuple[str, ...],
    networks: tuple[str, ...],
    reason: str,
    expires_at: str,
    user: str | None,
) -> None:
    """Make an access token. It is shown this once."""
    wanted = {
        "name": name,
        "scopes": list(dict.fromkeys(scope for each in scopes for scope in each)),
        "repositories": list(repositories) or None,
        "expires_at": expires_at or None,
        "networks": list(networks),
        "reason": reason,
        "user": user,
    }
    made = context.api.call("POST", TOKENS, wanted)
    context.show(made, lambda: [made["token"]])
    if not context.is_json:
        context.say(f"It is shown only now. To take it back: codara token delete {made['id']}")


@token.command("list")
@options.of_user
@options.limit
@current
def list_tokens(context: Context, user: str | None, limit: int | None) -> None:
    """List access tokens, revoked ones too; never their secrets."""
    found = options.listed(context, TOKENS, limit, user=user)
    context.show(found, lambda: table([_for_people(each) for each in found], TOKEN_COLUMNS))


@token.command()
@options.identifier
@options.of_user
@current
def show(context: Context, identifier: str, user: str | None) -> None:
    """Show an access token, without its secret."""
    found = _one(context, TOKENS, identifier, user)
    context.show_thing(found if context.is_json else _for_people(found), TOKEN_FIELDS)


@token.command()
@options.identifier
@options.of_user
@options.dry_run
@options.yes
@current
def delete(
    context: Context, identifier: str, user: str | None, *, dry_run: bool, yes: bool
) -> None:
    """Revoke an access token; it stops working at once."""
    if dry_run:
        _one(context, TOKENS, identifier, user)
    place, question = f"{TOKENS}/{segment(identifier)}", f"Revoke the token {identifier}?"
    options.remove(context, place, identifier, question, dry_run=dry_run, yes=yes, act="revoke")


token.add_command(leaked_tokens.revoke)
token.add_command(credential_inventory.inventory)
token.add_command(credential_inventory.end)
token.add_command(token_rules.approvals)
token.add_command(token_rules.approve)
token.add_command(token_rules.refuse)
token.add_command(token_rules.ask)


@click.group(cls=Noun)
def key() -> None:
    """SSH keys: for Git over SSH, and for signing. OpenPGP keys: for signing."""


of_kind = click.option(
    "--kind",
    type=click.Choice(tuple(PLACES)),
    default="ssh",
    show_default=True,
    help="An SSH key, or an OpenPGP key as gpg exports it.",
)


@key.command()
@click.argument("file", type=click.File("r", encoding="ascii", errors="replace"))
@click.option("--title", default="", metavar="TEXT", help="What it is called; its comment else.")
@click.option(
    "--expires-in", "expires_at", type=Expiry(), help="For how long: 12h, 30d, 4w, 1y or never."
)
@click.option(
    "--usage", type=click.Choice(USES), default="both", show_default=True, help="Of an SSH key."
)
@of_kind
@options.of_user
@current
def add(
    context: Context,
    file: IO[str],
    title: str,
    expires_at: str | None,
    usage: str,
    kind: str,
    user: str | None,
) -> None:
    """Add the public key in FILE, such as ~/.ssh/id_ed25519.pub; - reads the input."""
    wanted: dict[str, Any] = {"key": public_key(file), "user": user}
    if kind == "gpg":
        if title or expires_at:
            raise click.UsageError("An OpenPGP key says itself what it is called and when it ends.")
        made = context.api.call("POST", SIGNING_KEYS, wanted)
        context.show_thing(made, SIGNING_KEY_FIELDS)
        return
    wanted |= {"title": title, "expires_at": expires_at or None, "usage": usage}
    context.show_thing(context.api.call("POST", KEYS, wanted), KEY_FIELDS)


@key.command("list")
@of_kind
@options.of_user
@options.limit
@current
def list_keys(context: Context, kind: str, user: str | None, limit: int | None) -> None:
    """List SSH keys, or OpenPGP keys."""
    columns = SIGNING_KEY_COLUMNS if kind == "gpg" else KEY_COLUMNS
    context.show_list(options.listed(context, PLACES[kind], limit, user=user), columns)


@key.command("show")
@options.identifier
@of_kind
@options.of_user
@current
def show_key(context: Context, identifier: str, kind: str, user: str | None) -> None:
    """Show a key."""
    fields = SIGNING_KEY_FIELDS if kind == "gpg" else KEY_FIELDS
    context.show_thing(_one(context, PLACES[kind], identifier, user), fields)


@key.command("delete")
@options.identifier
@of_kind
@options.of_user
@options.dry_run
@options.yes
@current
def delete_key(
    context: Context, identifier: str, kind: str, user: str | None, *, dry_run: bool, yes: bool
) -> None:
    """Remove a key; it stops working at once."""
    if dry_run:
        _one(context, PLACES[kind], identifier, user)
    place, question = f"{PLACES[kind]}/{segment(identifier)}", f"Remove the key {identifier}?"
    options.remove(context, place, identifier, question, dry_run=dry_run, yes=yes)


def public_key(file: IO[str]) -> str:
    """The text of a public key; a private one does not leave this machine."""
    text = file.read(LONGEST_KEY + 1).strip()
    if "PRIVATE KEY" in text:
        raise click.UsageError(f"{file.name} is the private half. Give {file.name}.pub.")
    return text


def _for_people(found: dict[str, Any]) -> dict[str, Any]:
    return {**found, "repositories": found["repositories"] or "all"}


def _one(context: Context, path: str, identifier: str, user: str | None) -> dict[str, Any]:
    """The one with that id: the API lists them only.

    Errors:
        NotFoundError: the user has none with that id.
    """
    found: dict[str, Any]
    for found in context.api.each(path, query={"user": user}):
        if found["id"] == identifier:
            return found
    whose = f" of {user}" if user else " of yours; --user NAME looks among somebody else's"
    raise NotFoundError(f"There is no {identifier}{whose}.")
