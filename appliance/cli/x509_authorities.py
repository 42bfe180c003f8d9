"""`codara x509-authority`: whose certificates count for signatures, everywhere or in one place."""

from __future__ import annotations

from base64 import b64encode
from typing import IO

import click

from appliance.cli import options
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, current

OF = click.option("--org", default="", metavar="ORG", help="Of an organisation, not the appliance.")
PEM = b"-----BEGIN "
COLUMNS = {
    "id": "ID",
    "title": "TITLE",
    "ends_at": "ENDS",
    "revoked": "REVOKED",
    "revocations_until": "LIST UNTIL",
    "fingerprint": "FINGERPRINT",
}
FIELDS = {
    "title": "Title",
    "subject": "Subject",
    "fingerprint": "Fingerprint",
    "ends_at": "Ends",
    "created_at": "Trusted since",
    "revoked": "Revoked certificates",
    "revocations_made_at": "List made",
    "revocations_until": "List until",
    "id": "Id",
}


@click.group("x509-authority", cls=Noun)
def x509_authority() -> None:
    """Authorities whose X.509 certificates count for signatures."""


@x509_authority.command("list")
@OF
@options.limit
@current
def list_authorities(context: Context, org: str, limit: int | None) -> None:
    """List the authorities that are trusted."""
    context.show_list(options.listed(context, _place(org), limit), COLUMNS)


@x509_authority.command()
@click.argument("file", type=click.File("rb"))
@click.option("--title", default="", metavar="TEXT", help="What it is called; its subject else.")
@OF
@current
def trust(context: Context, file: IO[bytes], title: str, org: str) -> None:
    """Trust the authority whose certificate is in FILE (PEM or DER); - reads the input.

    That of an organisation counts in its repositories alone, and for its members only.
    """
    wanted = {"certificate": _text(file.read()), "title": title}
    context.show_thing(context.api.call("POST", _place(org), wanted), FIELDS)


@x509_authority.command()
@options.identifier
@click.argument("file", type=click.File("rb"))
@OF
@current
def revoke(context: Context, identifier: str, file: IO[bytes], org: str) -> None:
    """Bring an authority's list of revoked certificates (CRL, PEM or DER); - reads the input."""
    place = f"{_place(org)}/{segment(identifier)}/revocations"
    wanted = {"revocations": _text(file.read())}
    context.show_thing(context.api.call("PUT", place, wanted), FIELDS)


@x509_authority.command()
@options.identifier
@OF
@options.dry_run
@options.yes
@current
def delete(context: Context, identifier: str, org: str, *, dry_run: bool, yes: bool) -> None:
    """Trust an authority no more; what its certificates have signed is unverified from then on."""
    place, question = f"{_place(org)}/{segment(identifier)}", f"Trust {identifier} no more?"
    options.remove(context, place, identifier, question, dry_run=dry_run, yes=yes)


def _place(org: str) -> str:
    return f"/orgs/{segment(org)}/x509-authorities" if org else "/x509-authorities"


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace") if PEM in data else b64encode(data).decode("ascii")
