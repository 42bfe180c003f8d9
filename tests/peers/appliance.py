"""The appliance itself as a peer: gunicorn with its own configuration, serving a `world`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers import mould
from tests.peers.server import free_port, until_end
from tests.world import World

ROOT = Path(__file__).resolve().parent.parent.parent


# The product's own, which keeps silent when all is well; here somebody waits for a word.
CONFIGURATION = f"""
from pathlib import Path

exec(Path({str(ROOT / "config" / "gunicorn.conf.py")!r}).read_text())

def when_ready(server):
    print("Ready to serve", flush=True)
"""


@dataclass(frozen=True)
class Served:
    """An appliance that answers: where, and what it serves."""

    world: World
    url: str
    process: subprocess.Popen[str] | mould.Copy

    def remote(self, path: str, token: str = "") -> str:
        """The address of a repository for git, with a token in it."""
        scheme, _, rest = self.url.partition("://")
        who = f"git:{token}@" if token else ""
        return f"{scheme}://{who}{rest}/{path}.git"


@contextmanager
def serve(world: World, *, more: str = "", **environment: str) -> Generator[Served]:
    """Serve a world on a free port and on the socket of its home folder.

    A process has fewer threads here than a host's would have; `environment` may say otherwise, and
    `more` is added to gunicorn's configuration.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {"CODARA_SERVER__PORT": str(port), "CODARA_SERVER__URL": url, **environment}
    world.configure(**settings)
    configuration = world.home / "gunicorn.conf.py"
    configuration.write_text(CONFIGURATION + more)
    inherited = {
        name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ
    }
    whole = {
        **inherited,
        **world.environment,
        "CODARA_HOME": str(world.home),
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "error",
    }
    process = mould.start(("--config", configuration), whole, ROOT)
    with until_end(process, ready="Ready to serve"):
        yield Served(world, url, process)
