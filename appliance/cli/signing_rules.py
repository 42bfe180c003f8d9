"""`codara org signing-rule`: what must be signed in all repositories of an organisation."""

from __future__ import annotations

import click

from appliance.cli import options
from appliance.cli.client import repository as place
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, Verb, current, table
from appliance.cli.repository_access import KINDS

COLUMNS = {"pattern": "PATTERN", "signed_by": "SIGNED BY", "signed_push": "SIGNED PUSH"}


@click.group("signing-rule", cls=Noun)
def signing_rule() -> None:
    """What must be signed in all repositories of an organisation; none of them can loosen it."""


@signing_rule.command("list")
@options.organisation
@current
def list_rules(context: Context, organisation: str) -> None:
    """List its rules."""
    found = context.api.call("GET", _place(organisation))["items"]
    context.show_list(found, COLUMNS)


@signing_rule.command("set")
@options.organisation
@click.argument("pattern")
@click.option(
    "--signed-by",
    multiple=True,
    type=click.Choice([*KINDS, "any"]),
    help="New commits and tags need a verified signature of this kind; repeat it for several.",
)
@click.option("--signed-push", is_flag=True, help="Pushes must be signed (git push --signed).")
@current
def set_rule(
    context: Context,
    organisation: str,
    pattern: str,
    *,
    signed_by: tuple[str, ...],
    signed_push: bool,
) -> None:
    """Demand signatures for the branches that PATTERN names (main, release/*, *), or tags
    (refs/tags/v*), in each repository. It counts at once.
    """
    wanted = {
        "pattern": pattern,
        "signed_by": KINDS if "any" in signed_by else list(signed_by),
        "signed_push": signed_push,
    }
    made = context.api.call("PUT", _place(organisation), wanted)
    context.show(made, lambda: table([made], COLUMNS))


@signing_rule.command()
@options.organisation
@click.argument("pattern")
@options.dry_run
@options.yes
@current
def remove(context: Context, organisation: str, pattern: str, *, dry_run: bool, yes: bool) -> None:
    """Remove the rule of a pattern."""
    options.remove(
        context,
        _place(organisation),
        f"the rule for {pattern} of {organisation}",
        f"Demand no more signatures for {pattern} in {organisation}?",
        dry_run=dry_run,
        yes=yes,
        act="remove",
        query={"pattern": pattern},
    )


@click.command("signing-rules", cls=Verb)
@options.repository
@current
def signing_rules(context: Context, repository: str) -> None:
    """List what its organisation demands of signatures, beside its own rules."""
    found = context.api.call("GET", f"{place(repository)}/signing-rules")["items"]
    context.show_list(found, COLUMNS)


def _place(organisation: str) -> str:
    return f"/orgs/{segment(organisation)}/signing-rules"
