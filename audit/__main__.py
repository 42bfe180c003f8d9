"""The command: python -S -E -m audit verify EXPORT --trust KEYFILE."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NoReturn

from audit import VERSION, bundle, note, proof, report, trust, verify
from audit.verdict import Findings, Verdict

Command = Callable[[argparse.Namespace], int]
EXITS = """exit codes: 0 good, 10 tampered, 20 fork or rollback, 30 incomplete,
40 trust or quorum not met, 50 malformed, 64 wrong usage"""
LARGEST_INPUT = proof.LARGEST_FILE


class UsageError(ValueError):
    """What the auditor gave cannot be used."""


class _Parser(argparse.ArgumentParser):
    """Ends with the code that stands for wrong usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(Verdict.USAGE, f"{report.shown(message)}\nTry --help.\n")


def main(words: list[str] | None = None) -> int:
    """Run a command; gives the exit code."""
    given = _parser().parse_args(words)
    command: Command = given.command
    try:
        return command(given)
    except UsageError as error:
        _complain(str(error))
        return Verdict.USAGE
    except BrokenPipeError:
        sys.stderr.close()  # Otherwise the interpreter complains about the pipe once more.
        return Verdict.MALFORMED
    except Exception as error:  # noqa: BLE001 - the one handler of this door; fails closed.
        _complain(f"the check could not be finished: {type(error).__name__}: {error}"[:500])
        return Verdict.MALFORMED


def _parser() -> _Parser:
    parser = _Parser(prog="audit", description="Check an audit log offline.", epilog=EXITS)
    parser.add_argument("--version", action="version", version=f"codara-audit {VERSION}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)

    checks = commands.add_parser("verify", help="check an export", epilog=EXITS)
    checks.add_argument("bundle", type=Path, help="the folder or zip file")
    checks.add_argument("--known", type=Path, action="append", default=[], metavar="HEAD")
    checks.set_defaults(command=_verify)

    proves = commands.add_parser("proof", help="check the proof of one entry", epilog=EXITS)
    proves.add_argument("proof", type=Path, help="the .tlog-proof file")
    proves.add_argument("--entry", type=Path, required=True, help="the entry's header")
    proves.add_argument("--body", type=Path, help="its body, with the salt")
    proves.set_defaults(command=_proof)

    shows = commands.add_parser("head", help="print the checkpoint to keep; checks nothing")
    shows.add_argument("bundle", type=Path, help="the folder or zip file")
    shows.add_argument("--log", help="which log, where there are several")
    shows.set_defaults(command=_head)

    for each in (checks, proves):
        each.add_argument("--trust", type=Path, required=True, metavar="KEYFILE")
        each.add_argument("--json", action="store_true", help="one JSON object in each line")
    return parser


def _verify(given: argparse.Namespace) -> int:
    trusted = _trust(given.trust)
    known = [_known(path) for path in given.known]
    by_origin = {each.origin: each for each in known}
    if len(by_origin) != len(known):
        raise UsageError("two known checkpoints of the same log")
    return _answer(verify.verify(given.bundle, trusted, by_origin), as_json=given.json)


def _proof(given: argparse.Namespace) -> int:
    body = None if given.body is None else _line(given.body)
    found = proof.verify(_read(given.proof), _line(given.entry), _trust(given.trust), body)
    return _answer(found, as_json=given.json)


def _head(given: argparse.Namespace) -> int:
    try:
        opened = bundle.Bundle(given.bundle)
        logs = bundle.manifest(opened.small(bundle.MANIFEST, bundle.LARGEST_MANIFEST)).logs
        chosen = [each for each in logs if given.log in {None, each.log}]
        if len(chosen) != 1:
            names = ", ".join(each.log for each in logs)
            raise UsageError(f"say with --log which one: {names}"[:500])
        data = opened.small(f"{chosen[0].folder}/checkpoint")
        found = str(note.parse(data))
    except (bundle.BundleError, note.NoteError) as error:
        _complain(str(error))
        return Verdict.MALFORMED
    sys.stdout.buffer.write(found.encode())
    return Verdict.GOOD


def _trust(path: Path) -> trust.Trust:
    try:
        return trust.read(_read(path, trust.LARGEST_FILE))
    except trust.TrustError as error:
        raise UsageError(f"{path}: {error}") from error


def _known(path: Path) -> note.Checkpoint:
    try:
        return note.checkpoint(note.parse(_read(path)).text)
    except note.NoteError as error:
        raise UsageError(f"{path}: {error}") from error


def _line(path: Path) -> bytes:
    """The one line of a file, with or without an end."""
    return _read(path).removesuffix(b"\n")


def _read(path: Path, limit: int = LARGEST_INPUT) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read") from error
    if len(data) > limit:
        raise UsageError(f"{path} is longer than {limit} bytes")
    return data


def _answer(findings: Findings, *, as_json: bool) -> int:
    found: Iterable[str] = report.lines(findings) if as_json else report.text(findings)
    for line in found:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
    return findings.verdict


def _complain(words: str) -> None:
    sys.stderr.write(f"{report.shown(words)}\n")


if __name__ == "__main__":
    sys.exit(main())
