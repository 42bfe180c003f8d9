"""`codara ruleset`: rules for branches, tags and pushes, of a repository, an organisation, or all.

A ruleset is written as JSON, with the names of the API: `codara ruleset kinds` lists the rules.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click

from appliance.cli import options
from appliance.cli.client import repository as place
from appliance.cli.client import segment
from appliance.cli.context import Context, Noun, Verb, current, table
from appliance.domain.policies import Moment, Policy
from appliance.domain.ruleset_words import TAKES
from appliance.errors import InvalidError, NotFoundError

COLUMNS = {
    "name": "NAME",
    "enforcement": "ENFORCEMENT",
    "includes": "FOR",
    "kinds": "RULES",
    "id": "ID",
}
FOUND = {"at": "WHEN", "repository": "REPOSITORY", "ref": "REF", "by": "BY", "kind": "RULE"}
COVERED = {"repository": "REPOSITORY", "files": "FILES", "owned": "OWNED", "problems": "PROBLEMS"}
STANDING = {"layer": "LAYER", "name": "NAME", "enforcement": "ENFORCEMENT", "kinds": "RULES"}
OWNERS = {"number": "LINE", "pattern": "PATTERN", "owners": "OWNERS", "files": "FILES"}
Wrapped = Callable[..., None]


def _of(command: Wrapped) -> Wrapped:
    """Whose rulesets are meant."""
    repository = click.option("--repo", "repository", metavar="OWNER/NAME", help="Of a repository.")
    organisation = click.option("--org", "organisation", help="Of an organisation.")
    return repository(organisation(command))


@click.group("ruleset", cls=Noun)
def ruleset() -> None:
    """Rules for branches, tags and pushes: of a repository, an organisation, or the appliance.

    All layers count, so the strictest wins. Say --repo or --org; with neither, the appliance's.
    """


@ruleset.command("list")
@_of
@current
def list_rulesets(context: Context, repository: str | None, organisation: str | None) -> None:
    """List rulesets."""
    found = context.api.call("GET", _place(repository, organisation))["items"]
    context.show_list([_with_kinds(each) for each in found], COLUMNS)


@ruleset.command()
@click.argument("name")
@_of
@current
def show(context: Context, name: str, repository: str | None, organisation: str | None) -> None:
    """Show a ruleset as JSON, ready to be changed and set again."""
    found = _one(context, _place(repository, organisation), name)
    context.show(found, lambda: _lines(found))


@ruleset.command()
@click.argument("file", type=click.File("rb"))
@_of
@current
def create(context: Context, file: Any, repository: str | None, organisation: str | None) -> None:
    """Make a ruleset from a JSON FILE, or from - (what comes in)."""
    made = context.api.call("POST", _place(repository, organisation), _read(file))
    context.show(_with_kinds(made), lambda: table([_with_kinds(made)], COLUMNS))


@ruleset.command("set")
@click.argument("name")
@click.argument("file", type=click.File("rb"))
@_of
@current
def set_ruleset(
    context: Context, name: str, file: Any, repository: str | None, organisation: str | None
) -> None:
    """Set a ruleset anew from a JSON FILE, or from - (what comes in)."""
    where = _place(repository, organisation)
    found = _one(context, where, name)
    made = context.api.call("PUT", f"{where}/{found['id']}", _read(file))
    context.show(_with_kinds(made), lambda: table([_with_kinds(made)], COLUMNS))


@ruleset.command()
@click.argument("name")
@_of
@options.dry_run
@options.yes
@current
def remove(
    context: Context,
    name: str,
    repository: str | None,
    organisation: str | None,
    *,
    dry_run: bool,
    yes: bool,
) -> None:
    """Remove a ruleset."""
    where = _place(repository, organisation)
    found = _one(context, where, name)
    options.remove(
        context,
        f"{where}/{found['id']}",
        f"the ruleset {found['name']}",
        f"Remove the ruleset {found['name']}, with what it has found on trial?",
        dry_run=dry_run,
        yes=yes,
        act="remove",
    )


@ruleset.command("try")
@click.argument("file", type=click.File("rb"))
@_of
@click.option("--days", type=click.IntRange(1, 90), default=30, help="Of so many days.")
@current
def try_out(
    context: Context, file: Any, repository: str | None, organisation: str | None, days: int
) -> None:
    """Say what a ruleset from a JSON FILE would have refused; nothing is set."""
    where = _place(repository, organisation)
    found = context.api.call("POST", f"{where}/try", _read(file), query={"days": days})

    def lines() -> list[str]:
        said = f"{len(found['items'])} refusals, {found['moves']} moves of refs looked at."
        return [said, *table(found["items"], FOUND)]

    context.show(found, lines)


@ruleset.command()
@current
def kinds(context: Context) -> None:
    """List the kinds of rules, and what each takes."""
    found = [{"kind": kind.value, "takes": ", ".join(takes)} for kind, takes in TAKES.items()]
    context.show_list(found, {"kind": "KIND", "takes": "TAKES"})


@ruleset.command()
@current
def policies(context: Context) -> None:
    """List the policies that a rule `policies` takes, and when they may be asked."""
    found = [{"kind": "policy", "name": each.value} for each in Policy]
    found += [{"kind": "moment", "name": each.value} for each in Moment]
    context.show_list(found, {"kind": "KIND", "name": "NAME"})


@click.command("rules", cls=Verb)
@options.repository
@click.option("--ref", default="", help="Only those about this branch, or full ref name.")
@current
def rules(context: Context, repository: str, ref: str) -> None:
    """List all rules that stand over it, of every layer."""
    found = context.api.call("GET", f"{place(repository)}/rules", query={"ref": ref})["items"]
    context.show_list([_with_kinds(each) for each in found], STANDING)


@ruleset.command("codeowners")
@click.option("--org", "organisation", required=True, help="Of this organisation.")
@current
def owners_of(context: Context, organisation: str) -> None:
    """Say how much of each repository of an organisation has owners."""
    found = context.api.call("GET", f"/orgs/{segment(organisation)}/codeowners")["items"]
    context.show_list(found, COVERED)


@click.command("codeowners", cls=Verb)
@options.repository
@click.option("--ref", default="", help="In this branch; else in the default branch.")
@current
def code_owners(context: Context, repository: str, ref: str) -> None:
    """Say how much of it has owners, by the lines of CODEOWNERS."""
    found = context.api.call("GET", f"{place(repository)}/codeowners", query={"ref": ref})

    def lines() -> list[str]:
        nobody = [f"Nobody here is {each}." for each in found["unknown"]]
        strange = [f"Line {each['number']} says nothing." for each in found["problems"]]
        said = f"{found['owned']} of {found['files']} files have owners."
        return [said, *table(found["lines"], OWNERS), *nobody, *strange]

    context.show(found, lines)


def _place(repository: str | None, organisation: str | None) -> str:
    if repository and organisation:
        raise click.UsageError("Say --repo or --org, not both.")
    if repository:
        return f"{place(repository)}/rulesets"
    return f"/orgs/{segment(organisation)}/rulesets" if organisation else "/rulesets"


def _one(context: Context, where: str, name: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = context.api.call("GET", where)["items"]
    for each in found:
        if name in (each["name"], each["id"]):
            return each
    raise NotFoundError(f"There is no ruleset {name} here.")


def _read(file: Any) -> dict[str, Any]:
    try:
        found = json.load(file)
    except ValueError as error:
        raise InvalidError.of("file", "The file is no JSON.") from error
    if not isinstance(found, dict):
        raise InvalidError.of("file", "A ruleset is an object with a name and rules.")
    return found


def _lines(found: dict[str, Any]) -> list[str]:
    return json.dumps(_as_written(found), indent=2, ensure_ascii=False).splitlines()


def _as_written(found: dict[str, Any]) -> dict[str, Any]:
    """Without what only the appliance says."""
    left_out = {"id", "layer", "created_at", "changed_at"}
    said = {key: value for key, value in found.items() if key not in left_out}
    said["rules"] = [_said(each) for each in found["rules"]]
    said["bypass"] = [_said(each) for each in found["bypass"]]
    return said


def _said(found: dict[str, Any]) -> dict[str, Any]:
    return {
        key: [_said(each) if isinstance(each, dict) else each for each in value]
        if isinstance(value, list)
        else value
        for key, value in found.items()
        if value is not None
    }


def _with_kinds(found: dict[str, Any]) -> dict[str, Any]:
    return {**found, "kinds": [rule["kind"] for rule in found["rules"]]}
