"""`codara dependency`: what repositories depend on, and what is known of that."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import IO, Any

import click

from appliance.cli import dependency_files, options
from appliance.cli.client import repository as place
from appliance.cli.context import Context, Noun, current, facts, table
from appliance.domain.components import Scope

COLUMNS = {
    "name": "NAME",
    "version": "VERSION",
    "ecosystem": "ECOSYSTEM",
    "known": "VULNERABILITIES",
    "fixed": "FIXED IN",
    "scope": "SCOPE",
    "how": "REQUIRED",
    "licence": "LICENCE",
    "place": "PLACE",
}
FIELDS = {
    "feed": "Feed of advisories",
    "feed_made_at": "Feed made",
    "read_at": "Manifests read",
    "manifests": "Manifests",
    "components": "Components",
    "vulnerable": "Vulnerable",
    "unknown": "Unknown",
}
EXPORTED = (
    *("ecosystem", "name", "version", "purl", "manifest", "line", "scope", "how", "licence"),
    *("knowledge", "known", "fixed"),
)
IN_FULL = {
    "package": "Component",
    "version": "Version",
    "ecosystem": "Ecosystem",
    "fixed": "Fixed in",
    "how": "Required",
    "scope": "Scope",
    "level": "Used in code",
    "names": "Names",
    "vectors": "CVSS",
    "epss_percentile": "EPSS percentile",
    "exploited": "Exploited (KEV)",
    "exploited_due": "To be mended by",
    "feed": "Feed of advisories",
}
HOW = {True: "direct", False: "transitive", None: ""}
KNOWLEDGE = ("vulnerable", "none_known", "unknown")


@click.group(cls=Noun)
def dependency() -> None:
    """What repositories depend on, and what is known of that."""


dependency.add_command(dependency_files.vex)
dependency.add_command(dependency_files.bill)


@dependency.command("list")
@options.repository
@click.option("--search", metavar="TEXT", help="A part of the name.")
@click.option("--ecosystem", metavar="NAME", help="As PyPI, npm or Maven.")
@click.option("--scope", type=click.Choice([each.value for each in Scope]), multiple=True)
@click.option("--direct/--transitive", "direct", default=None, help="Who asks for it.")
@click.option("--knowledge", type=click.Choice(KNOWLEDGE), help="What is known of it.")
@click.option("--manifest", metavar="PATH", help="Of one manifest only.")
@click.option("--sort", type=click.Choice(("risk", "name")), default="risk", show_default=True)
@options.limit
@current
def list_dependencies(
    context: Context,
    /,
    repository: str,
    limit: int | None,
    **query: Any,
) -> None:
    """List the components of the default branch, the most pressing first."""
    asked = {key: _word(value) for key, value in query.items() if value not in (None, ())}
    found = options.listed(context, f"{place(repository)}/dependencies", limit, **asked)
    rows = found if context.is_json else [_in_words(each) for each in found]
    context.show_list(rows, COLUMNS)


@dependency.command()
@options.repository
@click.option("--output", metavar="FILE", type=click.File("wb"), default="-")
@current
def export(context: Context, repository: str, output: IO[bytes]) -> None:
    """Write all components as a table (CSV) for other programs."""
    found = options.listed(context, f"{place(repository)}/dependencies", None, sort="name")
    text = io.StringIO()
    writer = csv.DictWriter(text, EXPORTED, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(
        {key: options.cell(row[key]) for key in EXPORTED} for row in map(_in_words, found)
    )
    output.write(text.getvalue().encode())


@dependency.command()
@options.repository
@current
def summary(context: Context, repository: str) -> None:
    """Count a repository's components, and say what is not known of them."""
    found = context.api.call("GET", f"{place(repository)}/dependencies/summary")
    context.show(found, lambda: _told(found))


@dependency.command()
@options.repository
@options.number
@current
def show(context: Context, repository: str, number: int) -> None:
    """Show what is known of the component of alert N: scores, ranges, who brings it along."""
    found = context.api.call("GET", f"{place(repository)}/alerts/{number}/dependency")
    context.show(found, lambda: _all_of(found))


@dependency.command()
@options.repository
@options.number
@current
def upgrade(context: Context, repository: str, number: int) -> None:
    """Create the pull request that upgrades the component of alert N, or a newer commit in it."""
    made = context.api.call("POST", f"{place(repository)}/alerts/{number}/upgrade", {})
    context.show(made, lambda: [f"Pull request #{made['number']} asks for the upgrade."])


def _all_of(found: dict[str, Any]) -> Iterable[str]:
    reach = found["reach"]
    said = {
        **found,
        "names": ", ".join(found["names"]),
        "vectors": ", ".join(f"{each['score']} ({each['vector']})" for each in found["vectors"]),
        "how": HOW[found["direct"]],
        "level": reach["level"].replace("_", " "),
    }
    yield from facts(said, IN_FULL)
    yield from ("", "Required by:")
    yield from ("  " + " -> ".join(way) for way in found["ways"])
    if reach["places"]:
        yield from ("", "Used in:")
        yield from (f"  {each['path']}:{each['line']}" for each in reach["places"])
    ranges = [{**each, "ranges": " || ".join(each["ranges"])} for each in found["advisories"]]
    yield ""
    yield from table(ranges, {"name": "ADVISORY", "ranges": "AFFECTED", "summary": "SUMMARY"})
    yield from ("", "Sources:")
    for each in found["sources"]:
        yield f"  {each['attribution'] or each['path']} ({each['licence'] or 'no licence said'})"


def _told(found: dict[str, Any]) -> Iterable[str]:
    number = "unknown" if found["vulnerable"] is None else found["vulnerable"]
    yield from facts({**found, "vulnerable": number}, FIELDS)
    if found["unread"]:
        yield ""
        yield from table(found["unread"], {"path": "NOT SCANNED", "why": "WHY"})


def _in_words(found: dict[str, Any]) -> dict[str, Any]:
    known = found["vulnerabilities"]
    names = [f"{each['name']} ({_severity(each)})" for each in known]
    return {
        **found,
        "known": ", ".join(names) or found["knowledge"].replace("_", " "),
        "fixed": ", ".join(dict.fromkeys(each["fixed"] for each in known if each["fixed"])),
        "how": HOW[found["direct"]],
        "place": f"{found['manifest']}:{found['line']}",
    }


def _severity(known: dict[str, Any]) -> str:
    said = [known["severity"]]
    said += ["exploited"] if known["exploited"] else []
    said += [] if known["certain"] else ["not known whether affected"]
    return ", ".join(said)


def _word(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
