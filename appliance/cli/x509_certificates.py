"""`codara x509-certificate`: certificates that one has shown to be one's own."""

from __future__ import annotations

from typing import IO

import click

from appliance.cli import options
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, current

CERTIFICATES = "/user/x509-certificates"
LONGEST = 64 * 1024
COLUMNS = {
    "id": "ID",
    "subject": "SUBJECT",
    "addresses": "ADDRESSES",
    "ends_at": "ENDS",
    "fingerprint": "FINGERPRINT",
}
FIELDS = {
    "subject": "Subject",
    "addresses": "Addresses",
    "fingerprint": "Fingerprint",
    "ends_at": "Ends",
    "created_at": "Registered",
    "id": "Id",
}


@click.group("x509-certificate", cls=Noun)
def x509_certificate() -> None:
    """X.509 certificates that people sign with. One that names its holder's address counts without
    being registered.
    """


@x509_certificate.command()
@current
def challenge(context: Context) -> None:
    """Print a text to sign within an hour, which shows that a certificate is yours."""
    found = context.api.call("GET", f"{CERTIFICATES}/challenge")
    context.show(found, found["challenge"].splitlines)


@x509_certificate.command()
@click.argument("challenge", type=click.File("r", encoding="utf-8", errors="replace"))
@click.argument("signature", type=click.File("r", encoding="ascii", errors="replace"))
@current
def add(context: Context, challenge: IO[str], signature: IO[str]) -> None:
    """Register the certificate that has signed CHALLENGE; it comes along in SIGNATURE (PEM).

    codara x509-certificate challenge > text; gpgsm --detach-sign --armor -o text.sig text
    """
    said = signature.read(LONGEST)
    if "PRIVATE KEY" in said:
        raise click.UsageError(f"{signature.name} is a private key. Give the signature.")
    wanted = {"challenge": challenge.read(LONGEST), "signature": said}
    context.show_thing(context.api.call("POST", CERTIFICATES, wanted), FIELDS)


@x509_certificate.command("list")
@options.of_user
@options.limit
@current
def list_certificates(context: Context, user: str | None, limit: int | None) -> None:
    """List those that are registered."""
    context.show_list(options.listed(context, CERTIFICATES, limit, user=user), COLUMNS)


@x509_certificate.command()
@options.identifier
@options.dry_run
@options.yes
@current
def delete(context: Context, identifier: str, *, dry_run: bool, yes: bool) -> None:
    """Remove a certificate; what it signed is unverified, if it names no address of yours."""
    place, question = f"{CERTIFICATES}/{segment(identifier)}", f"Remove {identifier}?"
    options.remove(context, place, identifier, question, dry_run=dry_run, yes=yes)
