"""`codara audit trust, prove, checkpoint`: what an auditor needs to check the log without us."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from appliance.cli import options
from appliance.cli.context import Context, Verb, current
from appliance.errors import InvalidError

FILE = click.Path(dir_okay=False, path_type=Path)
HEADER, BODY = ".header.json", ".body.json"


@click.command(cls=Verb)
@click.option("--out", type=FILE, metavar="KEYFILE", help="Where to; the output otherwise.")
@click.option("--policy", is_flag=True, help="As text for other readers (c2sp.org/tlog-policy).")
@current
def trust(context: Context, out: Path | None, *, policy: bool) -> None:
    """Write the key file by which exports are verified.

    Give it to the auditor by another way than the exports, or let them compare it.
    """
    found = context.api.call("GET", "/audit/trust")
    text = _policy(found) if policy else json.dumps(found, indent=2) + "\n"
    if out is None:
        click.echo(text, nl=False)
        return
    _write(out, text)
    keys = [key for log in found["logs"] for key in log["keys"]]
    answer = {"file": str(out), "logs": len(found["logs"]), "keys": len(keys)}
    context.show(answer, lambda: [f"{len(keys)} keys of {len(found['logs'])} logs are in {out}."])


@click.command(cls=Verb)
@click.argument("event", type=options.Identifier(), metavar="EVENT_ID")
@click.option("--out", type=FILE, metavar="FILE", help="Where to; with the entry beside it.")
@current
def prove(context: Context, event: str, out: Path | None) -> None:
    """Prove that an event is in its log, in a file that is checked without the appliance."""
    found = context.api.call("GET", f"/audit/events/{event}/proof")
    if out is None:
        click.echo(found["proof"], nl=False)
        return
    files = {out: found["proof"], out.with_name(out.name + HEADER): found["header"] + "\n"}
    if found["body"] is not None:
        files[out.with_name(out.name + BODY)] = found["body"] + "\n"
    for path, text in files.items():
        _write(path, text)
    answer = {
        "files": [str(each) for each in files],
        **{name: found[name] for name in ("log", "index", "size")},
    }
    context.show(answer, lambda: _how_to_check(answer))


@click.command(cls=Verb)
@click.option(*options.LOG, default="instance", metavar="ORG", help="Of this one's log.")
@click.option("--out", type=FILE, metavar="FILE", help="Where to keep the signed note.")
@current
def checkpoint(context: Context, log: str, out: Path | None) -> None:
    """Show the newest signed state of a log.

    Kept somewhere else, it shows later that nothing was changed since: `audit verify --known`.
    """
    found = context.api.call("GET", "/audit/checkpoint", query={"log": log})
    if out is not None:
        _write(out, found["note"])
    if context.is_json:
        context.show(found)
    elif out is None:
        click.echo(found["note"], nl=False)
    else:
        click.echo(f"The state of {found['size']} entries is in {out}.")


def _policy(key_file: dict[str, Any]) -> str:
    """The keys that count now, as text that other readers of logs take.

    Source: c2sp.org/tlog-policy.
    """
    present = [
        key["vkey"] for log in key_file["logs"] for key in log["keys"] if key["until"] is None
    ]
    witnesses = [f"witness {each['name']} {each['vkey']}" for each in key_file["witnesses"]]
    quorum = key_file.get("quorum") or {"k": 0, "of": []}
    group = []
    if quorum["k"]:
        group = [f"group quorum {quorum['k']} {' '.join(quorum['of'])}"]
    lines = [*(f"log {each}" for each in present), *witnesses, *group]
    return "\n".join([*lines, f"quorum {'quorum' if group else 'none'}", ""])


def _how_to_check(answer: dict[str, Any]) -> list[str]:
    proof, header, *body = answer["files"]
    words = f" --body {body[0]}" if body else ""
    return [
        f"Entry {answer['index']} of {answer['size']} in the log {answer['log']}. Check it with",
        f"python3 -S -E -m audit proof {proof} --entry {header}{words} --trust KEYFILE",
    ]


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidError(f"{path} cannot be written: {error.strerror}.") from error
