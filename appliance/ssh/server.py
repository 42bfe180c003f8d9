"""The embedded SSH server: for appliances whose host has no OpenSSH to lend, and for trying out.

It does what sshd does with `keys.py` and `session.py`: it asks the appliance whose a key is, and
starts the same session program with the same words. It needs no root and no account on the host,
and knows nothing about Git.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from appliance.ssh.authorized_keys import session_command
from appliance.ssh.host_keys import host_keys
from appliance.ssh.protocol import UnansweredError, ask

ACCOUNT = "git"
CHUNK_BYTES = 256 * 1024
# More than asyncssh ever keeps for us, which is two windows of 2 MiB. With each packet that it
# hands over late it lets the client send a whole window more: what is left there adds up to all of
# a push.
EVERYTHING_BYTES = 16 * 1024 * 1024
LOGIN_SECONDS = 30
KEEPALIVE_SECONDS = 30
KEEPALIVES_MISSED = 4
CLOSE_SECONDS = 4.0
NO_ROOM = b"Too many are connected just now. Try again in a minute.\n"
PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True)
class Options:
    """Where the server listens and whom it asks."""

    host: str
    port: int
    keys_folder: Path
    socket: Path
    sessions: int = 64
    connections: int = 256


class Gatekeeper(asyncssh.SSHServer):
    """Decides who gets in on one connection. Its state is that one, and all that are open."""

    def __init__(self, options: Options, connections: set[Gatekeeper]) -> None:
        self._options = options
        self._connections = connections
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Remember the connection that this gatekeeper watches; end it where there are too many."""
        self._connection = conn
        # asyncssh shows its owner the authority of a certificate, never the certificate itself.
        conn._validate_openssh_certificate = self._validate_certificate  # type: ignore[method-assign]  # noqa: SLF001 - The library has no other place for it.
        self._connections.add(self)
        if len(self._connections) > self._options.connections:
            conn.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 — its form there.
        """Make room for another connection."""
        self._connections.discard(self)

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 — asyncssh says the name to all.
        """Everybody must show a key."""
        return True

    def public_key_auth_supported(self) -> bool:
        """Keys are the only way in."""
        return True

    async def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Whether the appliance knows this very key."""
        if username != ACCOUNT or self._connection is None:
            return False
        question = {"fingerprint": key.get_fingerprint("sha256")}
        socket_path = os.fspath(self._options.socket)
        try:
            answer = await asyncio.to_thread(ask, socket_path, "/internal/ssh/keys", question)
        except UnansweredError:
            return False
        shown = key.export_public_key("openssh").split()[:2]
        for known in answer.get("keys") or []:
            if [known["type"].encode(), known["blob"].encode()] == shown:
                self._connection.set_extra_info(key_id=str(known["id"]))
                return True
        return False

    async def _validate_certificate(
        self, username: str, cert: asyncssh.SSHCertificate
    ) -> asyncssh.SSHKey | None:
        """The certified key, if the appliance lets this certificate in from here.

        asyncssh then has the client prove that it holds the key.
        """
        if username != ACCOUNT or self._connection is None:
            return None
        blob = b64encode(cert.public_data).decode("ascii")
        question = {"certificate": blob, "address": self._address()}
        socket_path = os.fspath(self._options.socket)
        try:
            answer = await asyncio.to_thread(
                ask, socket_path, "/internal/ssh/certificate", question
            )
        except UnansweredError:
            return None
        if answer.get("ok") is not True:
            return None
        self._connection.set_extra_info(key_id=blob)
        return cert.key

    def _address(self) -> str:
        peer = self._connection.get_extra_info("peername") if self._connection else None
        return str(peer[0]) if peer else ""


class Server:
    """The running server. Its state is the listener, its connections and how many sessions run."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._open = 0
        self._connections: set[Gatekeeper] = set()
        self._listener: asyncssh.SSHAcceptor | None = None

    @property
    def port(self) -> int:
        """The port it listens on; of use where the options said 0."""
        return self._listener.get_port() if self._listener else 0

    async def start(self) -> None:
        """Listen.

        Errors:
            OSError: the port is taken.
        """
        self._listener = await asyncssh.listen(
            self._options.host,
            self._options.port,
            server_factory=lambda: Gatekeeper(self._options, self._connections),
            server_host_keys=host_keys(self._options.keys_folder),
            process_factory=self._serve,
            encoding=None,
            allow_pty=False,
            agent_forwarding=False,
            x11_forwarding=False,
            login_timeout=LOGIN_SECONDS,
            keepalive_interval=KEEPALIVE_SECONDS,
            keepalive_count_max=KEEPALIVES_MISSED,
            # A pack is compressed already.
            compression_algs=None,
            server_version="Codara",
        )

    async def close(self) -> None:
        """Let nobody in any more and end all connections and what they have started."""
        if self._listener is not None:
            self._listener.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._listener.wait_closed(), CLOSE_SECONDS)

    async def _serve(self, client: asyncssh.SSHServerProcess[bytes]) -> None:
        """Run one session, from the first byte to the exit status."""
        if self._open >= self._options.sessions:
            client.stderr.write(NO_ROOM)
            client.exit(1)
            return
        self._open += 1
        try:
            client.exit(await self._run_session(client))
        finally:
            self._open -= 1

    async def _run_session(self, client: asyncssh.SSHServerProcess[bytes]) -> int:
        key_id = str(client.get_extra_info("key_id"))
        child = await asyncio.create_subprocess_exec(
            *session_command(os.fspath(self._options.socket), key_id),
            env=_environment(client),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=CHUNK_BYTES,
            # Not in a session of its own: its niceness would then count for nothing, see sched(7).
            process_group=0,
        )
        assert child.stdin and child.stdout and child.stderr  # noqa: S101, PT018 — for the type checker: we asked for pipes.
        feeding = asyncio.create_task(_feed(client, child.stdin))
        try:
            await asyncio.gather(
                _pump(child.stdout, client.stdout), _pump(child.stderr, client.stderr)
            )
            return await child.wait()
        except (OSError, asyncssh.Error):  # The client has gone.
            return 1
        finally:
            feeding.cancel()
            _end(child)
            await child.wait()


def _environment(client: asyncssh.SSHServerProcess[bytes]) -> dict[str, str]:
    """What sshd would tell the session program."""
    peer = client.get_extra_info("peername") or ("", 0)
    environment = {
        "PATH": PATH,
        "SSH_ORIGINAL_COMMAND": client.command or "",
        "SSH_CONNECTION": f"{peer[0]} {peer[1]}",
    }
    if protocol := client.env.get("GIT_PROTOCOL"):
        environment["GIT_PROTOCOL"] = str(protocol)
    return environment


async def _feed(client: asyncssh.SSHServerProcess[bytes], target: asyncio.StreamWriter) -> None:
    """Give the child what the client sends, as fast as it takes it."""
    try:
        while chunk := await client.stdin.read(EVERYTHING_BYTES):
            target.write(chunk)
            await target.drain()
    except (OSError, asyncssh.Error):
        pass  # One of the two has gone; the end of the output says the rest.
    finally:
        target.close()


async def _pump(source: asyncio.StreamReader, target: asyncssh.SSHWriter[bytes]) -> None:
    """Send what the child says, as fast as the client takes it.

    By hand: a redirect of asyncssh followed by exit() loses the end of a large pack.
    """
    while chunk := await source.read(CHUNK_BYTES):
        target.write(chunk)
        await target.drain()


def _end(child: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)


async def serve(options: Options, *, ready: Callable[[int], None]) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is told the port once it listens."""
    server = Server(options)
    await server.start()
    ready(server.port)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await stopping.wait()
    await server.close()
