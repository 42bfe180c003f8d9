"""`codara repo export`: a repository as one file that any git can clone from."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import click

from appliance.cli import options
from appliance.cli.client import repository as place
from appliance.cli.context import Context, Verb, current
from appliance.errors import InvalidError


@click.command(cls=Verb)
@options.repository
@click.option(
    "--out",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    required=True,
    metavar="FILE",
    help="Where to; - writes it to the output.",
)
@current
def export(context: Context, repository: str, out: Path) -> None:
    """Take a repository out as a bundle, with all its refs."""
    source = f"{place(repository)}/export"
    if str(out) == "-":
        context.api.download(source, sys.stdout.buffer)
        return
    size_bytes = _download(context, source, out)
    answer = {"repository": repository, "file": str(out), "size_bytes": size_bytes}
    context.show(answer, lambda: [f"{repository} is in {out}, {size_bytes} bytes."])


def _download(context: Context, source: str, out: Path) -> int:
    """Under another name until it is whole: half a bundle must not look like one."""
    try:
        descriptor, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}-")
    except OSError as error:
        raise InvalidError(f"{out} cannot be written: {error.strerror}.") from error
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            context.api.download(source, opened)
            size_bytes = opened.tell()
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return size_bytes
