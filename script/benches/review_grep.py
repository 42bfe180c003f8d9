"""Looking for expressions in every file of a commit, beside `git grep` of the same.

With `--repository` in a real repository, else in the generated tree of 100,000 files. Of
expressions the processor's time counts: git looks with as many threads as there are processors,
ours with one, so that nobody's search takes all of them.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from appliance.git import grep, search
from appliance.git.grep import Wanted

from . import repositories
from .measure import in_turn, measured, run_program
from .rows import Row, compared

BOUND = 3.0
MANY_SMALL = 5.0
"""For expressions in the generated tree, whose 100,000 files have some 200 bytes each: there, what
it takes to find a file in a pack counts, and git does that with less around it."""
SECONDS = 600.0
MOST = 1_000_000
EXPRESSIONS = {
    "a word that is rare": "unable to resolve",
    "a word that is not there": "zyxwvutsrqponm",
    "an expression": r"[a-z]+_commit_graph\(",
    "an expression that is not there": "(foo|ba[rz])+quux[0-9]{3}",
}
FOUND_NOTHING = 1


def run(options: argparse.Namespace) -> list[Row]:
    """Each expression, and a text, in all files."""
    folder = options.repository or repositories.wide()
    bound = BOUND if options.repository else MANY_SMALL
    head = repositories.git(folder, "rev-parse", "HEAD")
    git = ["git", "-c", "safe.directory=*", "-C", str(folder), "grep", "-I", "-n"]
    quiet = ["sh", "-c", f'"$@" || test $? = {FOUND_NOTHING}', "sh"]
    found = []
    for name, pattern in EXPRESSIONS.items():
        mine, other = in_turn(
            partial(measured, partial(_expression, folder, head, pattern)),
            partial(run_program, [*quiet, *git, "-E", "-e", pattern, head]),
            rounds=options.rounds,
        )
        found += compared(f"grep, {name}", mine, other, wall=0, cpu=bound)
    text = EXPRESSIONS["a word that is rare"]
    mine, other = in_turn(
        lambda: measured(lambda: search.content(folder, head, text, most=MOST, seconds=SECONDS)),
        lambda: run_program([*quiet, *git, "-F", "-e", text, head]),
        rounds=options.rounds,
    )
    return found + compared("search of a text", mine, other, wall=BOUND, cpu=0)


def _expression(folder: Path, commit: str, pattern: str) -> None:
    grep.search(folder, commit, Wanted(pattern), most=MOST, seconds=SECONDS)
