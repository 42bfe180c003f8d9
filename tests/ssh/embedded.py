"""Runs the embedded SSH server for the tests: `embedded.py PORT KEYS_FOLDER SOCKET SESSIONS`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from appliance.ssh.server import Options, serve

if __name__ == "__main__":
    port, keys, socket, sessions = sys.argv[1:]
    options = Options("127.0.0.1", int(port), Path(keys), Path(socket), sessions=int(sessions))
    asyncio.run(serve(options, ready=lambda port: sys.stdout.write(f"listening on {port}\n")))
