"""`codara audit verify, reconcile`: whether the audit log is what was signed, and all fits."""

from __future__ import annotations

import importlib
from pathlib import Path

import click

from appliance.cli.audit_export import Said
from appliance.cli.context import Context, Verb, current
from audit import __main__ as verifier

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(cls=Verb)
@click.argument("export", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--trust", type=FILE, metavar="KEYFILE", help="Whose signatures count for an export.")
@click.option("--known", type=FILE, multiple=True, metavar="HEAD", help="A checkpoint you kept.")
@click.option("--org", "log", metavar="ORG", help="Here: only this organisation's log.")
@click.option("--instance", is_flag=True, help="Here: only the log of the instance itself.")
@current
def verify(
    context: Context,
    /,
    export: Path | None,
    trust: Path | None,
    known: tuple[Path, ...],
    log: str | None,
    *,
    instance: bool,
) -> int:
    """Check an export; without one, the logs of this appliance where they are.

    Ends with 0 if all is good, 10 tampered, 20 fork or rollback, 30 incomplete, 40 trust or quorum
    not met, 50 malformed, 64 wrong usage.
    """
    if export is not None:
        if trust is None:
            raise click.UsageError("Say with --trust whose signatures count.")
        words = ["verify", str(export), "--trust", str(trust)]
        words += [word for each in known for word in ("--known", str(each))]
        return verifier.main([*words, "--json"] if context.is_json else words)
    if trust is not None or known:
        raise click.UsageError("--trust and --known are for an export.")
    # By name, because it reads what only the appliance itself needs.
    here = importlib.import_module("appliance.cli.audit_verify_here")
    progress = Said(context)
    code: int = here.verify(context, "instance" if instance else log, progress)
    return code


@click.command(cls=Verb)
@current
def reconcile(context: Context) -> int:
    """Compare the log with its queue, its search and the refs of all repositories.

    Ends with 1 if something does not fit. A ref that was moved behind our back is recorded.
    """
    here = importlib.import_module("appliance.cli.audit_verify_here")
    progress = Said(context)
    code: int = here.reconcile(context, progress)
    return code
