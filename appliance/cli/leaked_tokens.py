"""`codara token revoke --leaked`: tokens that were found where they must not be."""

from __future__ import annotations

import itertools
import re
from typing import IO

import click

from appliance.cli.context import Context, Verb, current

TOKEN = re.compile(r"cod_[0-9A-Za-z]{36}")
AT_ONCE = 1000


@click.command(cls=Verb)
@click.argument("file", type=click.File("r", encoding="utf-8", errors="replace"), default="-")
@click.option("--leaked", is_flag=True, help="They were found where they must not be.")
@click.option("--place", default="", metavar="TEXT", help="Where, for their owners.")
@current
def revoke(context: Context, file: IO[str], place: str, *, leaked: bool) -> None:
    """Revoke every token in FILE, or in the input, whoever's it is.

    The answer does not say which of them were tokens of the appliance. One's own are revoked by id
    with `codara token delete`.
    """
    if not leaked:
        raise click.UsageError("Say --leaked. By its id, `codara token delete` revokes a token.")
    found = dict.fromkeys(match for line in file for match in TOKEN.findall(line))
    if not found:
        raise click.UsageError("Nothing in there looks like a token (cod_...).")
    waiting = iter(found)
    while shown := list(itertools.islice(waiting, AT_ONCE)):
        context.api.call("POST", "/credentials/revoke", {"credentials": shown, "place": place})
    context.show(
        {"shown": len(found)},
        lambda: [f"Showed {len(found)} of them. Those that were tokens here are revoked."],
    )
