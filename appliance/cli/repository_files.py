"""`codara repo file`: files of a commit, read and changed without a working copy."""

from __future__ import annotations

import base64
from typing import IO, Any
from urllib.parse import quote

import click

from appliance.cli import options
from appliance.cli.client import repository as place
from appliance.cli.context import Context, Noun, current

COLUMNS = {"kind": "KIND", "path": "PATH", "size_bytes": "BYTES", "oid": "OBJECT"}
RUNS = {"first_line": "LINE", "count": "LINES", "commit": "COMMIT", "author": "BY", "at": "WHEN"}
path = click.argument("path", metavar="PATH")
ref = click.option("--ref", default="", metavar="REF", help="A branch, tag or commit.")
branch = click.option("--branch", default="", metavar="NAME", help="Not the default branch.")
start = click.option("--start", metavar="REF", help="Where a branch that is new begins.")
message = click.option("--message", default="", metavar="WORDS", help="What the commit says.")
expected = click.option(
    "--expected-head", metavar="COMMIT", help="Only if the branch is still there."
)


@click.group(cls=Noun)
def file() -> None:
    """Files of a repository, without a working copy."""


@file.command("list")
@options.repository
@click.argument("path", metavar="[FOLDER]", default="")
@ref
@options.limit
@current
def list_files(context: Context, repository: str, path: str, ref: str, limit: int | None) -> None:
    """List what is in a folder."""
    where = f"{place(repository)}/tree" + (f"/{quote(path.strip('/'))}" if path.strip("/") else "")
    context.show_list(options.listed(context, where, limit, ref=ref), COLUMNS)


@file.command()
@options.repository
@path
@ref
@click.option("--out", type=click.File("wb"), metavar="FILE", help="Its bytes; - is stdout.")
@current
def read(context: Context, repository: str, path: str, ref: str, out: IO[bytes] | None) -> None:
    """Show a text file, or write the bytes of any file elsewhere."""
    found = context.api.call("GET", _at(repository, "read", path), query={"ref": ref})
    is_text = found["encoding"] == "utf-8"
    if out is not None:
        content = found["content"]
        out.write(content.encode() if is_text else base64.b64decode(content))
    elif is_text or context.is_json:
        context.show(found, found["content"].splitlines)
    else:
        raise click.UsageError(f"{path} is no text. Say --out FILE.")


@file.command()
@options.repository
@path
@ref
@current
def blame(context: Context, repository: str, path: str, ref: str) -> None:
    """Say with which commit each line came."""
    found = context.api.call("GET", _at(repository, "blame", path), query={"ref": ref})
    context.show_list(found["items"], RUNS)


@file.command()
@options.repository
@path
@click.argument("source", type=click.File("rb"), metavar="SOURCE")
@click.option("--executable/--not-executable", default=None, help="As it was otherwise.")
@branch
@start
@message
@expected
@current
def write(context: Context, /, repository: str, path: str, source: IO[bytes], **how: Any) -> None:
    """Write the content of the local file SOURCE (- is stdin) to a file, or make it."""
    sent = {"content": base64.b64encode(source.read()).decode(), "encoding": "base64"}
    _change(context, "PUT", _at(repository, "write", path), sent | how)


@file.command()
@options.repository
@path
@branch
@start
@message
@expected
@options.dry_run
@options.yes
@current
def remove(
    context: Context, /, repository: str, path: str, *, dry_run: bool, yes: bool, **how: Any
) -> None:
    """Remove a file, or a folder with all that is in it; history keeps it."""
    if dry_run:
        context.show({"would_remove": path}, lambda: [f"Would remove {path}."])
        return
    context.confirm(f"Remove {path} from {repository}?", yes=yes)
    _change(context, "DELETE", _at(repository, "remove", path), how)


@file.command()
@options.repository
@path
@click.argument("to", metavar="TO")
@branch
@start
@message
@expected
@current
def move(context: Context, /, repository: str, **how: Any) -> None:
    """Give a file or a folder another path."""
    _change(context, "POST", f"{place(repository)}/move", how)


def _change(context: Context, method: str, where: str, said: dict[str, Any]) -> None:
    body = {name: value for name, value in said.items() if value not in {None, ""}}
    made = context.api.call(method, where, body)
    context.show(made, lambda: [f"{made['branch']} is at {made['commit']}."])


def _at(repository: str, verb: str, path: str) -> str:
    return f"{place(repository)}/{verb}/{quote(path)}"
