"""`codara review`: who has which right and which token or key, and whether they keep it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from appliance.cli import options
from appliance.cli.access import Hours
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, current

PLACE = "/reviews"
RIGHTS = (
    *("instance", "membership", "team", "repository"),
    *("token", "ssh_key", "deploy_key", "service_account"),
)
STATES = ("mine", "open", "keep", "revoke", "to_be_removed")
COLUMNS = {
    "id": "ID",
    "name": "NAME",
    "org": "ORGANISATION",
    "items": "RIGHTS",
    "due_at": "DUE",
    "closed_at": "ENDED",
}
FIELDS = {
    "id": "Id",
    "name": "Name",
    "org": "Organisation",
    "items": "Rights",
    "reviewers": "Who decides",
    "at_due": "What is undecided at its end",
    "due_at": "Due",
    "repeat_at": "Begins again",
    "closed_at": "Ended",
    "digest": "Digest",
}
COUNTED = {"kept": "Kept", "revoked": "Taken away", "undecided": "Undecided", "mine": "Yours"}
ITEM_COLUMNS = {
    "id": "ID",
    "subject_name": "WHO",
    "kind": "RIGHT",
    "place_name": "WHERE",
    "role": "ROLE",
    "credential": "CREDENTIAL",
    "source": "FROM",
    "last_active_at": "LAST SEEN",
    "last_used_at": "LAST USED",
    "decision": "DECISION",
    "outcome": "OUTCOME",
}
PROGRESS_COLUMNS = {"user": "WHO", "assigned": "RIGHTS", "decided": "DECIDED", "open": "OPEN"}


@click.group(cls=Noun)
def review() -> None:
    """Reviews of who has which right, token or key."""


@review.command()
@click.argument("name", metavar="NAME")
@click.option("--org", default="", metavar="ORG", help="Of an organisation; else of everything.")
@click.option("--right", "rights", multiple=True, type=click.Choice(RIGHTS), help="Only these.")
@click.option("--for", "hours", type=Hours(), default="30d", help="For how long; 30d otherwise.")
@click.option("--owners-of-repositories", is_flag=True, help="They decide about theirs.")
@click.option("--reviewer", "named", multiple=True, metavar="NAME", help="Who decides instead.")
@click.option("--revoke-undecided", is_flag=True, help="At its end; kept otherwise.")
@click.option("--repeat-days", type=click.IntRange(min=1), metavar="DAYS", help="Begin it again.")
@current
def start(
    context: Context,
    name: str,
    org: str,
    rights: tuple[str, ...],
    hours: int,
    named: tuple[str, ...],
    repeat_days: int | None,
    *,
    owners_of_repositories: bool,
    revoke_undecided: bool,
) -> None:
    """Begin a review of the rights, tokens and keys that there are now."""
    due = datetime.now(UTC) + timedelta(hours=hours)
    usual = "repository_owners" if owners_of_repositories else "owners"
    wanted = {
        "name": name,
        "org": org,
        "rights": rights or (RIGHTS[1:] if org else RIGHTS),
        "reviewers": "named" if named else usual,
        "named": named,
        "due_at": due.isoformat(),
        "at_due": "revoke" if revoke_undecided else "keep",
        "repeat_days": repeat_days,
    }
    context.show_thing(context.api.call("POST", PLACE, wanted), FIELDS)


@review.command("list")
@click.option("--org", default="", metavar="ORG", help="Of an organisation; else of everything.")
@options.limit
@current
def list_reviews(context: Context, org: str, limit: int | None) -> None:
    """List reviews, newest first."""
    context.show_list(options.listed(context, PLACE, limit, org=org), COLUMNS)


@review.command()
@options.identifier
@current
def show(context: Context, identifier: str) -> None:
    """Say how far a review is."""
    context.show_thing(context.api.call("GET", _place(identifier)), FIELDS | COUNTED)


@review.command()
@options.identifier
@click.option("--state", type=click.Choice(STATES), help="Only what is in this state.")
@options.limit
@current
def items(context: Context, identifier: str, state: str | None, limit: int | None) -> None:
    """List the rights in a review; with `--state mine`, those that wait for you."""
    query = {"state": state} if state else {}
    found = options.listed(context, f"{_place(identifier)}/items", limit, **query)
    context.show_list(found, ITEM_COLUMNS)


@review.command()
@options.identifier
@current
def progress(context: Context, identifier: str) -> None:
    """Say how far each reviewer is."""
    found = context.api.call("GET", f"{_place(identifier)}/progress")
    context.show_list(found["items"], PROGRESS_COLUMNS)


@review.command()
@options.identifier
@click.argument("rights", metavar="RIGHT...", nargs=-1, required=True, type=options.Identifier())
@click.option("--keep/--revoke", "keeps", required=True, help="What is decided.")
@click.option("--reason", default="", help="Why; needed to take away.")
@current
def decide(
    context: Context, identifier: str, rights: tuple[str, ...], reason: str, *, keeps: bool
) -> None:
    """Keep rights, or take them away at once; all of them or none."""
    decision = "keep" if keeps else "revoke"
    body = {"items": list(rights), "decision": decision, "reason": reason}
    made = context.api.call("POST", f"{_place(identifier)}/decisions", body)
    context.show_list(made["items"], ITEM_COLUMNS)


@review.command()
@options.identifier
@options.yes
@current
def close(context: Context, identifier: str, *, yes: bool) -> None:
    """End a review before its time."""
    found = context.api.call("GET", _place(identifier))
    context.confirm(f"End it? {found['undecided']} rights are undecided.", yes=yes)
    context.show_thing(context.api.call("POST", f"{_place(identifier)}/close"), FIELDS)


@review.command()
@options.identifier
@current
def repeat(context: Context, identifier: str) -> None:
    """Begin another like it, with the rights that there are now."""
    context.show_thing(context.api.call("POST", f"{_place(identifier)}/repeat"), FIELDS)


@review.command()
@options.identifier
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The file to write.")
@current
def result(context: Context, identifier: str, out: Path) -> None:
    """Write what was decided into a file; its SHA-256 is the digest of the event that ended it."""
    found = context.api.call("GET", f"{_place(identifier)}/result")
    text = "".join(f"{line}\n" for line in found["lines"])
    out.write_text(text, encoding="ascii", newline="\n")
    context.show({"digest": found["digest"], "file": str(out)}, lambda: [found["digest"]])


def _place(identifier: str) -> str:
    return f"{PLACE}/{segment(identifier)}"
