"""`script/bench NAME`: runs one set of measurements and prints its table."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from dataclasses import asdict
from pathlib import Path

from .machine import facts
from .rows import Row, table

QUICK_ROUNDS = 3
QUICK_COMMITS = 20_000
USUAL_COMMITS = 1_000_000


def names() -> list[str]:
    """The sets of measurements there are."""
    return sorted(
        file.stem.removeprefix("bench_") for file in Path(__file__).parent.glob("bench_*.py")
    )


def parse(arguments: list[str]) -> argparse.Namespace:
    """What to measure, and how long."""
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    parser.add_argument("bench", choices=names(), help="which set of measurements")
    parser.add_argument("--rounds", type=int, default=7, help="runs of each side (7)")
    parser.add_argument("--repository", type=Path, help="a real repository to measure with")
    parser.add_argument(
        "--commits", type=int, help="size of the generated one (1,000,000; audit: as it says)"
    )
    parser.add_argument("--quick", action="store_true", help="3 rounds, 20,000 commits")
    parser.add_argument("--on", default="", help="sqlite or postgresql, not both")
    parser.add_argument("--only", default="", help="rows whose name holds this")
    parser.add_argument("--json", type=Path, help="write the numbers to this file too")
    options = parser.parse_args(arguments)
    if options.quick:
        options.rounds = QUICK_ROUNDS
        options.commits = options.commits or QUICK_COMMITS
    options.searches = ""
    options.is_sized = options.commits is not None
    options.commits = options.commits or USUAL_COMMITS
    return options


def main() -> int:
    """Measure and print. What is not kept is told, not punished: a busy machine is no failure."""
    options = parse(sys.argv[1:])
    bench = importlib.import_module(f".bench_{options.bench}", __package__)
    machine = facts()
    print("; ".join(f"{name}: {value}" for name, value in machine.items()), flush=True)
    rows: list[Row] = bench.run(options)
    print(table(rows))
    if options.json is not None:
        numbers = {"machine": machine, "rows": [asdict(row) for row in rows]}
        options.json.write_text(json.dumps(numbers, indent=2) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
