"""`codara org token-rule`, `codara token approvals`: which tokens an organisation lets in."""

from __future__ import annotations

from typing import Any

import click

from appliance.cli import options
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, Verb, current

APPROVALS = ("off", "fine_grained", "all")
STATES = ("pending", "approved", "refused", "revoked")
COLUMNS = {
    "id": "ID",
    "user": "USER",
    "token_name": "TOKEN",
    "state": "STATE",
    "scopes": "SCOPES",
    "repositories": "REPOSITORIES",
    "expires_at": "EXPIRES",
    "reason": "REASON",
}
RULE_FIELDS = {
    "approval": "Tokens that need approval",
    "most_days": "Longest life in days",
    "unused_days": "End after days without use",
}
OF = click.option("--org", required=True, metavar="ORG", help="Of which organisation.")
WHY = click.option("--answer", default="", metavar="TEXT", help="Why, for the token's user.")
DAYS = click.IntRange(1, 3650)


@click.group("token-rule", cls=Noun)
def token_rule() -> None:
    """What an organisation asks of tokens and keys that reach it."""


@token_rule.command()
@options.organisation
@current
def show(context: Context, organisation: str) -> None:
    """Show the rule."""
    context.show_thing(context.api.call("GET", _rule(organisation)), RULE_FIELDS)


@token_rule.command("set")
@options.organisation
@click.option(
    "--approval",
    type=click.Choice(APPROVALS),
    default="off",
    show_default=True,
    help="Which tokens of people need an owner's approval.",
)
@click.option("--max-days", "most_days", type=DAYS, help="Longest life of a token.")
@click.option(
    "--unused-days", type=DAYS, help="End of service accounts' and deploy keys without use."
)
@current
def set_rule(
    context: Context,
    organisation: str,
    approval: str,
    most_days: int | None,
    unused_days: int | None,
) -> None:
    """Set the whole rule; it counts at once. What is left out is not asked."""
    wanted = {"approval": approval, "most_days": most_days, "unused_days": unused_days}
    context.show_thing(context.api.call("PUT", _rule(organisation), wanted), RULE_FIELDS)


@click.command(cls=Verb)
@OF
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
@options.limit
@current
def approvals(context: Context, org: str, state: str | None, limit: int | None) -> None:
    """List the tokens that ask an organisation to be let in."""
    found = options.listed(context, _approvals(org), limit, state=state)
    context.show_list(found, COLUMNS)


@click.command(cls=Verb)
@options.identifier
@OF
@WHY
@current
def approve(context: Context, identifier: str, org: str, answer: str) -> None:
    """Let a token into an organisation; ID is that of its approval."""
    _decide(context, identifier, org, "approved", answer)


@click.command(cls=Verb)
@options.identifier
@OF
@WHY
@click.option("--revoke", is_flag=True, help="Take back what was approved.")
@current
def refuse(context: Context, identifier: str, org: str, answer: str, *, revoke: bool) -> None:
    """Keep a token out of an organisation; ID is that of its approval."""
    _decide(context, identifier, org, "revoked" if revoke else "refused", answer)


@click.command(cls=Verb)
@options.identifier
@OF
@click.option("--reason", default="", metavar="TEXT", help="Why, for the owners.")
@current
def ask(context: Context, identifier: str, org: str, reason: str) -> None:
    """Ask the owners of an organisation to let a token of yours in."""
    place = f"/user/tokens/{segment(identifier)}/approvals"
    context.api.call("POST", place, {"organisation": org, "reason": reason})
    context.show({"asked": org}, lambda: [f"Asked the owners of {org}."])


def _decide(context: Context, identifier: str, org: str, state: str, answer: str) -> None:
    wanted: dict[str, Any] = {"state": state, "answer": answer}
    context.api.call("PATCH", f"{_approvals(org)}/{segment(identifier)}", wanted)
    context.show({"state": state}, lambda: [f"The token is {state}."])


def _rule(organisation: str) -> str:
    return f"/orgs/{segment(organisation)}/token-rule"


def _approvals(organisation: str) -> str:
    return f"/orgs/{segment(organisation)}/token-approvals"
