"""`codara scan feed key|root|build|sign`: making feeds, on any machine, without an appliance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from appliance.cli.context import Context, Plain, current
from appliance.services import feed_building

FILE = click.Path(dir_okay=False, path_type=Path)
THERE = click.Path(exists=True, dir_okay=False, path_type=Path)
signing = click.option(
    "--sign",
    "signing",
    type=THERE,
    multiple=True,
    metavar="KEYFILE",
    help="Sign with this private key; several times for several.",
)


@click.command(cls=Plain)
@click.argument("file", type=FILE)
@current
def key(context: Context, file: Path) -> None:
    """Write a new private key to FILE; prints the public half, which a root names."""
    public = feed_building.new_key(file)
    context.show({"public": public}, lambda: [public])


@click.command(cls=Plain)
@click.argument("file", type=FILE)
@click.option("--number", type=click.IntRange(min=1), default=1, help="1 more than the one before.")
@click.option("--threshold", type=click.IntRange(min=1), default=1, help="So many must sign.")
@click.option("--key", "keys", multiple=True, required=True, metavar="PUBLIC", help="A public key.")
@click.option("--days", type=click.IntRange(min=1), default=730, help="So long it holds.")
@signing
@current
def root(
    context: Context,
    file: Path,
    number: int,
    threshold: int,
    keys: tuple[str, ...],
    days: int,
    signing: tuple[Path, ...],
) -> None:
    """Write a root of keys to FILE. The first is signed by its own keys, others by both."""
    now = datetime.now(UTC).replace(microsecond=0)
    plan = feed_building.RootPlan(number, threshold, keys, now, now + timedelta(days=days))
    file.write_bytes(feed_building.root(plan, signing))
    context.say(f"{file} has {len(signing)} signatures; {threshold} are needed.")


@click.command(cls=Plain)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--out", type=FILE, required=True, help="The bundle to write.")
@click.option(
    "--serial", type=click.IntRange(min=1), help="Greater than any before; the time else."
)
@click.option("--days", type=click.IntRange(min=1), default=30, help="So long it holds.")
@click.option("--sample", is_flag=True, help="It only shows what a feed looks like.")
@click.option("--root", "chain", type=THERE, multiple=True, help="Roots that lead here, in order.")
@signing
@current
def build(
    context: Context,
    folder: Path,
    *,
    out: Path,
    serial: int | None,
    days: int,
    sample: bool,
    chain: tuple[Path, ...],
    signing: tuple[Path, ...],
) -> None:
    """Make one bundle of what is in FOLDER: osv/*.zip, epss.csv.gz, kev.json, rules, spdx.json."""
    now = datetime.now(UTC).replace(microsecond=0)
    number = serial or int(now.timestamp())
    plan = feed_building.Plan(folder, number, now, now + timedelta(days=days), sample)
    made = feed_building.build(plan, signing, chain, out)
    context.show(
        {"serial": made.serial, "files": [each.path for each in made.files]},
        lambda: [f"{out}: serial number {made.serial}", *(each.path for each in made.files)],
    )


@click.command(cls=Plain)
@click.argument("file", type=THERE)
@signing
@current
def sign(context: Context, file: Path, signing: tuple[Path, ...]) -> None:
    """Sign the bundle or root in FILE once more."""
    number = feed_building.add_signature(file, signing)
    context.say(f"{file} has {number} signatures now.")
