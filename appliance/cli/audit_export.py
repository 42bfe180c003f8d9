"""`codara audit export`: the audit log as files, for auditors and for programs."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from appliance.cli import options
from appliance.cli.audit_export_elsewhere import fetch
from appliance.cli.context import Context, Verb, current

FORMS = ("bundle", "jsonl", "csv")
SAY_EVERY_SECONDS = 1.0
BEGUN = {
    "resumed": "It went on where an earlier attempt had stopped.",
    "anew": "What an earlier attempt had begun did not belong to it, and was thrown away.",
}


@click.command(cls=Verb)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="BUNDLE",
    help="Where to: a folder, or one file where the name ends in .zip.",
)
@click.option(*options.LOG, default="", metavar="ORG", help="Only this organisation's log.")
@click.option("--instance", is_flag=True, help="Only the log of the instance itself.")
@click.option("--query", default="", metavar="Q", help="What to look for, as in `audit search`.")
@click.option("--from", "since", default="", metavar="DAY", help="Not before this day, or time.")
@click.option("--to", "until", default="", metavar="DAY", help="Up to and including.")
@click.option(
    "--known",
    "known_sizes",
    type=click.IntRange(min=1),
    multiple=True,
    metavar="SIZE",
    help="Add a proof from this size of the log, of which the auditor kept the head.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMS),
    default=FORMS[0],
    show_default=True,
    help="To verify (bundle), or to read: packed JSON lines, or a table.",
)
@current
def export(context: Context, /, out: Path, form: str, *, instance: bool, **wanted: Any) -> None:
    """Take the audit log along: all of it, or what a query finds.

    A bundle is verified without the appliance: `python -S -E -m audit verify BUNDLE`. Where this
    is cut off, the same command goes on.
    """
    if instance and wanted["log"]:
        raise click.UsageError("Say --org or --instance, not both.")
    wanted["log"] = "instance" if instance else wanted["log"]
    progress = Said(context)
    if context.is_elsewhere:
        answer = fetch(context, out, form, wanted, progress)
    else:
        # By name, because it reads what only the appliance itself needs.
        here = importlib.import_module("appliance.cli.audit_export_here")
        answer = here.export(context, out.absolute(), form, wanted, progress)
    progress.end()
    context.show(answer, lambda: _sentences(answer))


class Said:
    """Says on a terminal how far an export is. Its state is when it last did."""

    def __init__(self, context: Context) -> None:
        self._is_shown = sys.stderr.isatty() and not context.is_json
        self._last = 0.0

    def __call__(self, step: str, done: int = 0, total: int = 0) -> None:
        """Say it, if a second has passed."""
        if self._is_shown and time.monotonic() - self._last > SAY_EVERY_SECONDS:
            self._last = time.monotonic()
            print(f"\r{step}: {done} of {total}\x1b[K", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave an empty line for what comes."""
        if self._is_shown and self._last:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _sentences(answer: dict[str, Any]) -> Iterator[str]:
    if answer.get("begun") in BEGUN:
        yield BEGUN[answer["begun"]]
    yield (
        f"{answer['matched']} of {answer['entries']} events match and are in {answer['file']}, "
        f"{answer['size_bytes']} bytes, SHA-256 {answer['sha256']}."
    )
