"""`codara witness serve|key|sign|add-log|…`: what runs on the machine of a witness.

None of it needs an appliance, nor its home folder: one key file and one SQLite file.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

import click

from appliance.cli.context import Context, Plain, current
from appliance.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from audit import note
from witness import judge, keys, request, server
from witness.state import State, StateError

DEFAULT_LISTEN = "127.0.0.1:8090"
HIGHEST_PORT = 65535
FILE = click.Path(dir_okay=False, path_type=Path)

key_option = click.option(
    "--key", "key_file", type=FILE, required=True, help="The witness's key file."
)
state_option = click.option(
    "--state", "state_file", type=FILE, required=True, help="What the witness remembers."
)


class Address(click.ParamType[tuple[str, int], str]):
    """Where to listen."""

    name = "ADDRESS:PORT"

    def convert(
        self,
        value: str | tuple[str, int],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[str, int]:
        """Host and port."""
        if isinstance(value, tuple):
            return value
        host, _, port = value.rpartition(":")
        if not host or not port.isdecimal() or int(port) > HIGHEST_PORT:
            self.fail(f"{value!r} is not like {DEFAULT_LISTEN}.", param, ctx)
        return host, int(port)


@click.command(cls=Plain)
@state_option
@key_option
@click.option("--listen", type=Address(), default=DEFAULT_LISTEN, show_default=True, help="Where.")
@current
def serve(context: Context, state_file: Path, key_file: Path, listen: tuple[str, int]) -> None:
    """Sign the states of known logs over HTTP, until asked to end.

    Put a web server with TLS in front where the way to it is not a network of your own.
    """
    with _translated():
        cosigner, state = keys.load(key_file), State(state_file)
    try:
        serving = server.Server(listen, state, cosigner)
    except OSError as error:
        raise UnavailableError(f"{listen[0]}:{listen[1]} cannot be used: {error}.") from error
    with serving:
        _end_when_asked(serving)
        host, port = serving.server_address[:2]
        url, vkeys = f"http://{host!s}:{port}", [str(each) for each in cosigner.keys]
        context.show({"url": url, "vkeys": vkeys}, lambda: [f"Listening on {url}.", *vkeys])
        if not state.logs():
            context.say("It knows no log yet, and signs nothing: `codara witness add-log`.")
        # Whoever started us may wait for this line.
        sys.stdout.flush()
        serving.serve_forever()


@click.command(cls=Plain)
@key_option
@click.option("--name", metavar="NAME", help="Make the key, if the file is not there yet.")
@click.option("--post-quantum", is_flag=True, help="Make one for ML-DSA-44 too.")
@current
def key(context: Context, key_file: Path, name: str | None, *, post_quantum: bool) -> None:
    """Print what a log and its auditors need to know of this witness; make its key first.

    The name is like an address: `witness.example/audit`. It cannot be changed later.
    """
    with _translated():
        if name and not key_file.exists():
            cosigner = keys.create(key_file, name, post_quantum=post_quantum)
        else:
            cosigner = keys.load(key_file)
    found = [str(each) for each in cosigner.keys]
    context.show({"vkeys": found}, lambda: found)


@click.command("add-log", cls=Plain)
@click.argument("vkey")
@state_option
@current
def add_log(context: Context, vkey: str, state_file: Path) -> None:
    """Sign states of the log with this verifier key from now on.

    Take the key from somebody you know, not from the network: `codara audit checkpoint`
    and `codara audit trust` print it on the appliance.
    """
    with _translated():
        found = _log_key(vkey)
        if found.kind is note.Kind.COSIGNATURE_ED25519:
            raise InvalidError("That is the key of a witness, not of a log.")
        State(state_file).add_log(found)
    context.show({"origin": found.name}, lambda: [f"States of {found.name} are signed."])


def _log_key(vkey: str) -> note.Key:
    try:
        found = note.Key.parse(vkey.strip())
    except note.NoteError as error:
        text = "That is no verifier key. One is a line like codara.example/instance+1a2b3c4d+AQ…"
        raise InvalidError(text) from error
    if not found.name.isprintable():
        raise InvalidError("The name in that key has characters that nobody can see.")
    return found


@click.command("remove-log", cls=Plain)
@click.argument("origin")
@state_option
@current
def remove_log(context: Context, origin: str, state_file: Path) -> None:
    """Sign nothing of a log any more. What was signed last stays known."""
    with _translated():
        if not State(_there(state_file)).remove_log(origin):
            raise NotFoundError(f"The log {origin} is not known here.")
    context.show({"removed": origin}, lambda: [f"Nothing of {origin} is signed any more."])


@click.command("logs", cls=Plain)
@state_option
@click.option("--evidence", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER")
@current
def list_logs(context: Context, state_file: Path, evidence: Path | None) -> None:
    """List the logs that this witness knows, and the size it signed last of each.

    With --evidence, also write what they signed and this witness could not follow.
    """
    with _translated():
        state = State(_there(state_file))
        known, strange = state.logs(), state.evidence()
    rows = [
        {
            "origin": origin,
            "size": head.size if head else None,
            "refused": sum(each[0] == origin for each in strange),
        }
        for origin, _, head in known
    ]
    if evidence is not None:
        _write_evidence(evidence, strange)
    context.show_list(rows, {"origin": "LOG", "size": "SIGNED SIZE", "refused": "REFUSED STATES"})


@click.command(cls=Plain)
@click.argument("file", type=FILE)
@state_option
@key_option
@click.option("--out", type=FILE, help="The answer; FILE.signed otherwise.")
@current
def sign(context: Context, file: Path, state_file: Path, key_file: Path, out: Path | None) -> None:
    """Sign the state in a file that `codara witness export` made, where there is no network."""
    with _translated():
        cosigner, state = keys.load(key_file), State(_there(state_file))
        answer = judge.answer(state, cosigner, _content(file), now=int(time.time()))
    _insist_on_yes(answer)
    target = out or file.with_name(f"{file.name}.signed")
    _write(target, answer.signed.encode())
    size = answer.signed.split("\n")[note.SIZE_LINE]
    context.show(
        {"file": str(target), "size": int(size)},
        lambda: [f"Signed at {size} entries. Take {target} back: `codara witness import`."],
    )


def _insist_on_yes(answer: judge.Answer) -> None:
    why = answer.body.strip()
    if answer.status is HTTPStatus.CONFLICT:
        raise ConflictError(
            f"This witness has signed the log at {why} entries last. Ask for a file that begins "
            f"there: `codara witness export --since {why}`."
        )
    if answer.status is HTTPStatus.NOT_FOUND:
        raise NotFoundError("This witness does not know the log. `codara witness add-log` adds it.")
    if answer.status is HTTPStatus.UNPROCESSABLE_ENTITY:
        raise ConflictError(
            f"NOT signed: {why}. The log's key has signed two histories. Keep the file; this "
            "witness keeps it too."
        )
    if answer.status is HTTPStatus.FORBIDDEN:
        raise RefusedError(f"Not signed: {why}.")
    if answer.status is not HTTPStatus.OK:
        raise InvalidError(
            f"The file is no state to be signed: {why}. `codara witness export` writes one on the "
            "appliance."
        )


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(request.LARGEST + 1)
    except OSError as error:
        raise NotFoundError(f"{file} cannot be read: {error.strerror}.") from error


def _write(target: Path, content: bytes) -> None:
    try:
        target.write_bytes(content)
    except OSError as error:
        raise UnavailableError(f"{target} cannot be written: {error.strerror}.") from error


def _write_evidence(folder: Path, strange: list[tuple[str, int, str, bytes]]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnavailableError(f"{folder} cannot be made: {error.strerror}.") from error
    for number, (_, _, _, data) in enumerate(strange, 1):
        _write(folder / f"{number:04}.request", data)


def _there(state_file: Path) -> Path:
    """The file, if it is there: a mistyped name must not begin a witness that remembers nothing."""
    if not state_file.exists():
        raise NotFoundError(f"There is no {state_file}. `codara witness add-log` makes it.")
    return state_file


def _end_when_asked(serving: server.Server) -> None:
    def end(*_: object) -> None:
        # `shutdown` waits for the loop, which this very thread runs.
        threading.Thread(target=serving.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (keys.KeyFileError, note.NoteError) as error:
        raise InvalidError(str(error)) from error
    except StateError as error:
        raise UnavailableError(str(error)) from error
