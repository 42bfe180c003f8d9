"""`codara x509-authority`: whose certificates count for signatures."""

from __future__ import annotations

from base64 import b64encode
from typing import IO

import click

from appliance.cli import options
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, current

AUTHORITIES = "/x509-authorities"
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
@options.limit
@current
def list_authorities(context: Context, limit: int | None) -> None:
    """List the authorities that are trusted."""
    context.show_list(options.listed(context, AUTHORITIES, limit), COLUMNS)


@x509_authority.command()
@click.argument("file", type=click.File("rb"))
@click.option("--title", default="", metavar="TEXT", help="What it is called; its subject else.")
@current
def trust(context: Context, file: IO[bytes], title: str) -> None:
    """Trust the authority whose certificate is in FILE (PEM or DER); - reads the input."""
    wanted = {"certificate": _text(file.read()), "title": title}
    context.show_thing(context.api.call("POST", AUTHORITIES, wanted), FIELDS)


@x509_authority.command()
@options.identifier
@click.argument("file", type=click.File("rb"))
@current
def revoke(context: Context, identifier: str, file: IO[bytes]) -> None:
    """Bring an authority's list of revoked certificates (CRL, PEM or DER); - reads the input."""
    place = f"{AUTHORITIES}/{segment(identifier)}/revocations"
    wanted = {"revocations": _text(file.read())}
    context.show_thing(context.api.call("PUT", place, wanted), FIELDS)


@x509_authority.command()
@options.identifier
@options.dry_run
@options.yes
@current
def delete(context: Context, identifier: str, *, dry_run: bool, yes: bool) -> None:
    """Trust an authority no more; what its certificates have signed is unverified from then on."""
    place, question = f"{AUTHORITIES}/{segment(identifier)}", f"Trust {identifier} no more?"
    options.remove(context, place, identifier, question, dry_run=dry_run, yes=yes)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace") if PEM in data else b64encode(data).decode("ascii")
