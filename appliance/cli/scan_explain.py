"""`codara scan explain`: why something is taken for a secret, or is not."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import IO, Any

import click

from appliance.cli.context import Context, Plain, current
from appliance.services import secret_explanations
from appliance.services.secret_explanations import LARGEST_BYTES, Explanation


@click.command(cls=Plain)
@click.argument("file", type=click.File("rb"), required=False)
@click.option("--name", metavar="PATH", help="What the file is called in the repository.")
@click.option("--codes", is_flag=True, help="List all reasons instead.")
@current
def explain(context: Context, file: IO[bytes] | None, name: str | None, *, codes: bool) -> None:
    """Say what in FILE (- for standard input) looks like a secret, and why it is one or is not.

    It needs no appliance, and knows the rules that come with it: not an organisation's own. Values
    are masked.
    """
    if codes:
        every = [dataclasses.asdict(each) for each in secret_explanations.codes()]
        context.show(
            {"codes": every}, lambda: [f"{one['code']}: {one['meaning']}" for one in every]
        )
        return
    if file is None:
        raise click.UsageError("Name a file, or - for standard input.")
    data = file.read(LARGEST_BYTES + 1)
    if len(data) > LARGEST_BYTES:
        raise click.UsageError(f"The file is larger than {LARGEST_BYTES} bytes.")
    called = name or ("" if file.name == "<stdin>" else str(file.name))
    found = secret_explanations.explain(data, called)
    context.show(_plain(found), lambda: _told(found))


def _plain(found: Explanation) -> dict[str, Any]:
    return dataclasses.asdict(found)


def _told(found: Explanation) -> Iterable[str]:
    for each in found.candidates:
        verdict = f"{each.lane}, {each.confidence} confidence" if each.lane else "not flagged"
        inside = f" (in {' > '.join(each.layers)})" if each.layers else ""
        yield f"line {each.line}: {each.rule} {each.preview}: {verdict}{inside}"
        yield from (f"    {why.code}: {why.meaning}" for why in each.why)
    if not found.candidates:
        yield "Nothing in it looks like a secret."
    yield from (f"not looked at: {each}" for each in found.skipped)
