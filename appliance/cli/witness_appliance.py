"""`codara witness list|trust|remove|quorum|export|import`: the appliance and its witnesses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from appliance.cli import options
from appliance.cli.client import segment
from appliance.cli.context import Context, Verb, WeightyVerb, cell, current, table
from appliance.errors import ConflictError, InvalidError, NotFoundError
from witness import request

FILE = click.Path(dir_okay=False, path_type=Path)
LARGEST_NOTE = 256 * 1024
COLUMNS = {
    "name": "NAME",
    "operator": "OPERATOR",
    "log": "LOG",
    "known_size": "SIGNED UP TO",
    "problem": "PROBLEM",
    "problem_since": "SINCE",
}
LOG_COLUMNS = {
    "log": "LOG",
    "size": "ENTRIES",
    "witnessed": "WITNESSED UP TO",
    "unwitnessed_since": "MORE SINCE",
}
log_option = click.option(
    *options.LOG, default="instance", show_default=True, metavar="ORG", help="Or an organisation."
)


@click.command("list", cls=Verb)
@current
def list_witnesses(context: Context) -> None:
    """List the witnesses, what each has signed, and up to where that is enough."""
    found = context.api.call("GET", "/audit/witnesses")
    context.show(found, lambda: _lines(found))


@click.command(cls=WeightyVerb)
@click.argument("name")
@click.argument("vkey")
@click.option("--address", default="", metavar="URL", help="Of it; else files are carried to it.")
@click.option("--operator", default="", metavar="NAME", help="Who runs it; its own name otherwise.")
@current
def trust(context: Context, name: str, vkey: str, address: str, operator: str) -> None:
    """Let the signatures of a witness count.

    VKEY is what `codara witness key` prints on its machine. The witnesses of one operator count
    once: two that the same people run are one pair of eyes.
    """
    body = {"name": name, "vkey": vkey, "url": address, "operator": operator}
    found = context.api.call("POST", "/audit/witnesses", body)
    titles = {"name": "Name", "operator": "Operator", "vkey": "Verifier key", "url": "Address"}
    context.show_thing(found, titles)


@click.command(cls=WeightyVerb)
@click.argument("name")
@options.dry_run
@options.yes
@current
def remove(context: Context, name: str, *, dry_run: bool, yes: bool) -> None:
    """Let the signatures of a witness count no more."""
    question = f"Remove the witness {name}? What it has signed will not count any more."
    place = f"/audit/witnesses/{segment(name)}"
    options.remove(context, place, name, question, dry_run=dry_run, yes=yes, act="remove")


@click.command(cls=WeightyVerb)
@click.argument("needed", type=click.IntRange(min=0))
@current
def quorum(context: Context, needed: int) -> None:
    """Say how many operators must have signed a state; 0 stands for a majority of them."""
    found = context.api.call("PUT", "/audit/quorum", {"needed": needed})
    context.show(found, lambda: [_quorum(found)])


@click.command(cls=Verb)
@log_option
@click.option("--since", type=click.IntRange(min=0), help="The size that the witness knows.")
@click.option("--witness", default="", metavar="NAME", help="For whom, where --since is left out.")
@click.option("--out", type=FILE, required=True, help="The file that is carried to the witness.")
@current
def export(context: Context, log: str, since: int | None, witness: str, out: Path) -> None:
    """Write the newest state of a log for a witness without network."""
    query = {"log": log, "since": since, "witness": witness}
    found = context.api.call("GET", "/audit/witness-request", query=query)
    try:
        out.write_text(found["request"], encoding="utf-8")
    except OSError as error:
        raise InvalidError(f"{out} cannot be written: {error.strerror}.") from error
    answer = {"file": str(out), **{key: found[key] for key in ("log", "since", "size")}}
    context.show(
        answer,
        lambda: [f"{found['size']} entries, from {found['since']} on: `codara witness sign {out}`"],
    )


@click.command("import", cls=Verb)
@click.argument("file", type=FILE)
@current
def bring(context: Context, file: Path) -> None:
    """Bring what a witness without network has signed."""
    text = _text(file)
    if text.startswith(request.OLD):
        raise InvalidError(
            f"{file} is what a witness is asked to sign. Bring what `codara witness sign` wrote: "
            f"{file}.signed, if nothing else was said there."
        )
    found = context.api.call("POST", "/audit/cosignatures", {"note": text})
    context.show(found, lambda: [_brought(found)])
    if found["is_contradicting"]:
        raise ConflictError(
            "The witness has signed ANOTHER HISTORY of this log, under the log's own key. Keep the "
            "file: it is the proof. What it signed does not count."
        )


def _lines(found: dict[str, Any]) -> list[str]:
    rows = [
        {**witness, **progress}
        for witness in found["items"]
        for progress in witness["logs"] or [{}]
    ]
    logs = [{**each, "witnessed": each["witnessed"] or None} for each in found["logs"]]
    return [*table(rows, COLUMNS), "", _quorum(found["quorum"]), "", *table(logs, LOG_COLUMNS)]


def _quorum(found: dict[str, Any]) -> str:
    if not found["operators"]:
        return "There are no witnesses: nobody else could tell that the log was rewritten."
    return f"{found['needed']} of {found['operators']} operators must have signed a state."


def _brought(found: dict[str, Any]) -> str:
    names = ", ".join(cell(each) for each in found["witnesses"])
    if found["is_contradicting"]:
        return f"{names} signed another state of {found['size']} entries of {found['log']}."
    enough = "witnessed now" if found["is_witnessed"] else "not signed by enough witnesses yet"
    return f"{names} signed {found['size']} entries of {found['log']}: {enough}."


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            data = opened.read(LARGEST_NOTE + 1)
    except OSError as error:
        raise NotFoundError(f"{file} cannot be read: {error.strerror}.") from error
    if len(data) > LARGEST_NOTE:
        raise InvalidError(f"{file} is too long for what a witness signs.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidError(f"{file} is no text, so it is nothing that a witness signed.") from error
