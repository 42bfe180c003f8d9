"""`codara provider saml-key`: by which keys SAML identity providers know the appliance."""

from __future__ import annotations

import click

from appliance.cli.context import Context, Noun, current

PLACE = "/admin/saml-keys"
COLUMNS = {
    "use": "USE",
    "fingerprint": "SHA-256",
    "ends_at": "ENDS",
    "created_at": "CREATED",
}


@click.group("saml-key", cls=Noun)
def saml_key() -> None:
    """By which keys SAML identity providers know the appliance."""


@saml_key.command("list")
@current
def list_keys(context: Context) -> None:
    """List them: one signs, one may be next, one may have signed before."""
    context.show_list(context.api.call("GET", PLACE)["items"], COLUMNS)


@saml_key.command()
@current
def prepare(context: Context) -> None:
    """Put the next key into the metadata, for providers to learn."""
    context.show_list(context.api.call("POST", f"{PLACE}/prepare")["items"], COLUMNS)


@saml_key.command()
@current
def switch(context: Context) -> None:
    """Let the next key sign; the one before it still opens."""
    context.show_list(context.api.call("POST", f"{PLACE}/switch")["items"], COLUMNS)


@saml_key.command()
@current
def retire(context: Context) -> None:
    """Remove the key that signed before."""
    context.show_list(context.api.call("POST", f"{PLACE}/retire")["items"], COLUMNS)
