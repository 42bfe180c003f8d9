"""`codara provider`: the customer's identity providers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from appliance.cli import (
    options,
    provider_rules,
    provider_saml,
    provider_syncs,
    provider_tokens,
)
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, WeightyVerb, current
from appliance.domain.identity_providers import LinkBy, ProviderKind
from appliance.errors import ConflictError

PLACE = provider_rules.PLACE
COLUMNS = {
    "name": "NAME",
    "kind": "KIND",
    "label": "BUTTON",
    "is_enabled": "ON",
    "domains": "DOMAINS",
    "identities": "PEOPLE",
    "rules": "RULES",
}
FIELDS = {
    "name": "Name",
    "kind": "Kind",
    "label": "Button",
    "is_enabled": "Switched on",
    "domains": "Domains",
    "policy": "Policy",
    "settings": "Settings",
    "secrets": "Secrets given",
    "identities": "People",
    "rules": "Rules for groups",
    "sessions": "Sessions",
    "id": "Id",
}

STEPS = {"server": "SERVER", "name": "STEP", "is_good": "GOOD", "said": "ANSWER"}

name_argument = provider_rules.name_argument
label_option = click.option("--label", metavar="TEXT", help="What the button says.")
settings_option = click.option(
    "--setting",
    "told",
    multiple=True,
    metavar="NAME=VALUE",
    help="A setting of its protocol; a list by repeating it.",
)
files_option = click.option(
    "--setting-file",
    "files",
    multiple=True,
    metavar="NAME=FILE",
    help="A setting that is long, such as metadata, from a file.",
)
secrets_option = click.option(
    "--secret-stdin",
    "secrets",
    multiple=True,
    metavar="NAME",
    help="Read this secret from a line of the input.",
)
domains_option = click.option(
    "--domain",
    "domains",
    multiple=True,
    metavar="DOMAIN",
    help="Whoever has an address there is led to it (repeatable); - for nobody.",
)
creates_option = click.option(
    "--creates-users/--creates-nobody",
    "creates_users",
    default=None,
    help="Whether somebody new becomes a user.",
)
link_by_option = click.option(
    "--link-by",
    type=click.Choice([str(each) for each in LinkBy]),
    help="By what somebody is taken to be a user who exists.",
)
link_domains_option = click.option(
    "--link-domain",
    "link_domains",
    multiple=True,
    metavar="DOMAIN",
    help="A domain whose addresses it may link by (repeatable).",
)
link_provider_option = click.option(
    "--link-provider",
    metavar="NAME",
    help="The SCIM provider that knows them, for scim_user_name and scim_external_id.",
)
profile_option = click.option(
    "--keeps-profile/--leaves-profile",
    "keeps_profile",
    default=None,
    help="Whether name and address follow what it says.",
)
returns_option = click.option(
    "--lets-in-again/--keeps-out",
    "lets_in_again",
    default=None,
    help="Whether whom it kept out may enter as soon as it lets them in.",
)
again_option = click.option(
    "--ask-again",
    "ask_again_seconds",
    type=click.IntRange(min=0),
    metavar="SECONDS",
    help="After how long it has to confirm a session; 0: never.",
)


@click.group(cls=Noun)
def provider() -> None:
    """Identity providers: LDAP, SAML, OpenID Connect, SCIM."""


@provider.command("list")
@current
def list_providers(context: Context) -> None:
    """List identity providers, in the order in which they are offered."""
    context.show_list(context.api.call("GET", PLACE)["items"], COLUMNS)


@provider.command()
@name_argument
@current
def show(context: Context, name: str) -> None:
    """Show an identity provider; of its secrets only which there are."""
    context.show_thing(context.api.call("GET", _place(name)), FIELDS)


@provider.command("settings")
@click.argument("kind", type=click.Choice([str(each) for each in ProviderKind]))
@current
def settings(context: Context, kind: str) -> None:
    """List what a kind of identity provider can be told."""
    columns = {"name": "NAME", "kind": "KIND", "is_needed": "NEEDED", "usual": "USUAL"}
    context.show_list(list(_fields(context, kind).values()), {**columns, "label": "MEANING"})


@provider.command(cls=WeightyVerb)
@name_argument
@click.option(
    "--kind",
    type=click.Choice([str(each) for each in ProviderKind]),
    required=True,
    help="Its protocol.",
)
@click.option(
    "--like",
    metavar="PRODUCT",
    default="",
    help="Begin with what is usual for it: active_directory, openldap, freeipa.",
)
@label_option
@settings_option
@files_option
@secrets_option
@domains_option
@creates_option
@link_by_option
@link_domains_option
@link_provider_option
@profile_option
@returns_option
@again_option
@current
def add(context: Context, /, name: str, kind: str, **said: Any) -> None:
    """Add an identity provider. It is off until `enable`."""
    body = {
        "name": name,
        "kind": kind,
        "label": said["label"] or name,
        "settings": _preset(context, kind, said["like"]) | _settings(context, kind, said),
        "domains": list(said["domains"]),
        "policy": _policy(said),
    }
    context.show_thing(context.api.call("POST", PLACE, body), FIELDS)


@provider.command(cls=WeightyVerb)
@name_argument
@label_option
@settings_option
@files_option
@secrets_option
@domains_option
@creates_option
@link_by_option
@link_domains_option
@link_provider_option
@profile_option
@returns_option
@again_option
@current
def change(context: Context, /, name: str, **said: Any) -> None:
    """Change an identity provider; what is left out stays, secrets too."""
    kind = context.api.call("GET", _place(name))["kind"]
    body: dict[str, Any] = {"label": said["label"]} if said["label"] else {}
    if settings := _settings(context, kind, said):
        body["settings"] = settings
    if said["domains"]:
        body["domains"] = [each for each in said["domains"] if each != "-"]
    if policy := _policy(said):
        body["policy"] = policy
    if not body:
        raise click.UsageError("Say what to change.")
    context.show_thing(context.api.call("PATCH", _place(name), body), FIELDS)


@provider.command(cls=WeightyVerb)
@name_argument
@current
def enable(context: Context, name: str) -> None:
    """Let people sign in by it."""
    context.show_thing(context.api.call("PATCH", _place(name), {"is_enabled": True}), FIELDS)


@provider.command(cls=WeightyVerb)
@name_argument
@current
def disable(context: Context, name: str) -> None:
    """Let nobody sign in by it; sessions that it opened end."""
    context.show_thing(context.api.call("PATCH", _place(name), {"is_enabled": False}), FIELDS)


@provider.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@current
def order(context: Context, names: tuple[str, ...]) -> None:
    """Offer them in this order; those that are left out come after."""
    context.show_list(context.api.call("PUT", PLACE, {"names": list(names)})["items"], COLUMNS)


@provider.command(cls=WeightyVerb)
@name_argument
@options.dry_run
@options.yes
@current
def delete(context: Context, name: str, *, dry_run: bool, yes: bool) -> None:
    """Delete an identity provider, its identities and rules. The users stay."""
    found = context.api.call("GET", f"{_place(name)}/consequences")
    question = (
        f"Delete {name}? {found['identities']} people are known by it, {found['rules']} rules give "
        f"them rights, and {found['left_without_a_way_in']} of them have no other way in."
    )
    if dry_run:
        context.say(question)
    options.remove(context, _place(name), name, question, dry_run=dry_run, yes=yes)


@provider.command()
@name_argument
@click.option("--user", default="", metavar="NAME", help="Look for this person's entry and groups.")
@current
def test(context: Context, name: str, user: str) -> None:
    """Try it step by step, and show what it says."""
    steps = context.api.call("POST", f"{_place(name)}/test", {"user": user})["items"]
    rows = [{**step, "said": "\n".join(step["lines"])} for step in steps]
    context.show_list(rows, STEPS)
    if not all(step["is_good"] for step in steps):
        raise ConflictError(f"{name} does not answer as it should.")


provider.add_command(provider_rules.rule)
provider.add_command(provider_saml.saml_key)
provider.add_command(provider_tokens.token)
provider.add_command(provider_tokens.provisioned)
for command in (
    *(provider_syncs.sync, provider_syncs.reports),
    *(provider_syncs.report, provider_syncs.confirm),
):
    provider.add_command(command)


def _place(name: str) -> str:
    return f"{PLACE}/{segment(name)}"


def _fields(context: Context, kind: str) -> dict[str, dict[str, Any]]:
    kinds = context.api.call("GET", f"{PLACE}/kinds")["items"]
    return {each["name"]: each for of in kinds if of["kind"] == kind for each in of["settings"]}


def _preset(context: Context, kind: str, name: str) -> dict[str, Any]:
    """What is usual for a product."""
    if not name:
        return {}
    kinds = context.api.call("GET", f"{PLACE}/kinds")["items"]
    known = {
        each["name"]: each["settings"] for of in kinds if of["kind"] == kind
        for each in of["presets"]
    }  # fmt: skip
    if name not in known:
        raise click.UsageError(f"{kind} knows no {name}; it knows {', '.join(known) or 'none'}.")
    found: dict[str, Any] = known[name]
    return found


def _settings(context: Context, kind: str, said: dict[str, Any]) -> dict[str, Any]:
    """What was said of a protocol, in the kinds of values that it takes."""
    pairs = [_pair(each) for each in said["told"]]
    pairs += [(name, _content(file)) for name, file in map(_pair, said["files"])]
    pairs += [(name, _line()) for name in said["secrets"]]
    if not pairs:
        return {}
    fields = _fields(context, kind)
    found: dict[str, Any] = {}
    for name, text in pairs:
        if name not in fields:
            raise click.UsageError(f"There is no setting {name}; there are {', '.join(fields)}.")
        if fields[name]["kind"] == "lines":
            found.setdefault(name, []).append(text)
        else:
            found[name] = text
    return found


def _policy(said: dict[str, Any]) -> dict[str, Any]:
    names = (
        "creates_users",
        "link_by",
        "link_provider",
        "keeps_profile",
        "lets_in_again",
        "ask_again_seconds",
    )
    found = {name: said[name] for name in names if said[name] is not None}
    if said["link_domains"]:
        found["link_domains"] = list(said["link_domains"])
    return found


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"{text!r} is not NAME=VALUE.")
    return name, value


def _content(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise click.UsageError(f"{file} cannot be read: {error}.") from error


def _line() -> str:
    secret = sys.stdin.readline().rstrip("\r\n")
    if not secret:
        raise click.UsageError("There is no line left in the input for the secret.")
    return secret
