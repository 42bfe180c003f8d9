"""`codara search`: find repositories, organisations and users by their names."""

from __future__ import annotations

import click

from appliance.cli import options
from appliance.cli.context import Context, Verb, current

KINDS = ("repositories", "organisations", "users")


@click.command(cls=Verb)
@click.argument("words")
@click.option(
    "--kind", type=click.Choice(KINDS), default=KINDS[0], show_default=True, help="What to find."
)
@options.limit
@current
def search(context: Context, words: str, kind: str, limit: int | None) -> None:
    """Find by a part of a name what you may see. In files, `codara repo grep` finds lines."""
    found = options.listed(context, "/search", limit, q=words, kind=kind)
    context.show_list(found, {"path": "NAME", "title": "WHAT IT IS"})
