"""`codara scan repo|blocked|bypass|policy`: secrets, and leave to push them."""

from __future__ import annotations

from typing import Any

import click

from appliance.cli import options
from appliance.cli.client import repository as place_of
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, Verb, current

BLOCKS, BYPASSES = "/push-protection/blocks", "/push-protection/bypasses"
COLUMNS = {
    "id": "ID",
    "rule": "RULE",
    "path": "PATH",
    "line": "LINE",
    "preview": "SECRET",
    "pusher": "BY",
    "state": "BYPASS",
}
REASONS = ("false_positive", "used_in_tests", "fix_later")
comment = click.option("--comment", default="", metavar="TEXT", help="In your words.")


@click.group(cls=Noun)
def bypass() -> None:
    """Leave to push a secret all the same."""


@click.command(cls=Verb)
@click.argument("repository", metavar="OWNER/REPO")
@current
def blocked(context: Context, repository: str) -> None:
    """List the secrets that stopped pushes."""
    found = context.api.call("GET", BLOCKS, query={"repository": repository})
    context.show_list([each | {"state": _state(each)} for each in found["items"]], COLUMNS)


@click.command(cls=Verb)
@click.argument("repository", metavar="OWNER/REPO")
@current
def repo(context: Context, repository: str) -> None:
    """Look for secrets in all of a repository's history."""
    found = context.api.call("POST", f"{place_of(repository)}/scans")
    context.show(found, lambda: [f"Job {found['job']} scans it."])


@bypass.command(cls=Verb)
@click.argument("block", type=options.Identifier(), metavar="BLOCK_ID")
@click.option("--reason", type=click.Choice(REASONS), required=True, help="Why.")
@comment
@current
def request(context: Context, block: str, reason: str, comment: str) -> None:
    """Ask for leave to push a secret, once."""
    said = {"block": block, "reason": reason, "comment": comment}
    found = context.api.call("POST", BYPASSES, said)
    context.show(found, lambda: [f"It is {_state(found)}."])


@bypass.command(cls=Verb)
@click.argument("bypass", type=options.Identifier(), metavar="BYPASS_ID")
@comment
@current
def approve(context: Context, bypass: str, comment: str) -> None:
    """Approve what somebody else asked for."""
    _decide(context, bypass, "approve", comment)


@bypass.command(cls=Verb)
@click.argument("bypass", type=options.Identifier(), metavar="BYPASS_ID")
@comment
@current
def refuse(context: Context, bypass: str, comment: str) -> None:
    """Refuse what somebody else asked for."""
    _decide(context, bypass, "refuse", comment)


@click.command(cls=Verb)
@click.argument("organisation", metavar="ORG")
@click.option("--delegated/--alone", default=None, help="Whether others must approve bypasses.")
@click.option("--exempt", metavar="ACCOUNT", help="A service account that is never stopped.")
@click.option("--reason", default="", metavar="TEXT", help="Why it is exempt.")
@click.option("--stop-again", metavar="ACCOUNT", help="One that is exempt no more.")
@current
def policy(
    context: Context,
    organisation: str,
    *,
    delegated: bool | None,
    exempt: str | None,
    reason: str,
    stop_again: str | None,
) -> None:
    """Show or change how an organisation decides about secrets in pushes."""
    place = f"/orgs/{segment(organisation)}/push-protection"
    if delegated is not None:
        context.api.call("PATCH", place, {"delegated": delegated})
    if exempt:
        context.api.call("PUT", f"{place}/exemptions/{segment(exempt)}", {"reason": reason})
    if stop_again:
        context.api.call("DELETE", f"{place}/exemptions/{segment(stop_again)}")
    found = context.api.call("GET", place)
    context.show(found, lambda: _lines(found))


def _decide(context: Context, bypass: str, decision: str, comment: str) -> None:
    place = f"{BYPASSES}/{segment(bypass)}/{decision}"
    found = context.api.call("POST", place, {"comment": comment})
    context.show(found, lambda: [f"It is {_state(found)}."])


def _state(block: dict[str, Any]) -> str:
    """Of the last request; none: nobody asked."""
    bypasses = block["bypasses"]
    return str(bypasses[-1]["state"]) if bypasses else ""


def _lines(policy: dict[str, Any]) -> list[str]:
    who = "Somebody else approves bypasses." if policy["delegated"] else "Nobody has to be asked."
    return [
        who,
        *(f"{each['account']}: never stopped ({each['reason']})" for each in policy["exempt"]),
    ]
