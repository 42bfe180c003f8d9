"""How gunicorn serves the web door. The addresses come from the settings."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from appliance import garbage, orphans, settings, wiring_heartbeats
from appliance.web import metrics

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter
    from gunicorn.workers.base import Worker

_home = Path(os.environ.get("CODARA_HOME", "var")).resolve()
_hearts = ExitStack()
_settings = settings.from_process(_home)

wsgi_app = "appliance.web.wsgi:application"
bind = [
    f"{_settings.server.host}:{_settings.server.port}",
    f"unix:{_home / 'run' / 'web.sock'}",
]
umask = 0o077
worker_class = "appliance.web.gunicorn_worker.Worker"
workers = _settings.server.web_processes
threads = _settings.server.web_threads
# Pages are quick, transfers are long: a thread is freed by its own limits, not by this one.
timeout = 120
graceful_timeout = 4
keepalive = 15
preload_app = True
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - gunicorn's heartbeat must not wait for a disk.
limit_request_line = 0  # Paths of 4,000 bytes, percent-encoded; the application has its own limit.
forwarded_allow_ips = "127.0.0.1"
forwarder_headers = ""  # No client, and no proxy, says which part of a path is ours.
accesslog = None
# Gunicorn's own words take the form of ours; of its daily life nobody needs to read.
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "root": {"level": "WARNING", "handlers": []},
    "loggers": {
        "gunicorn.error": {"level": "WARNING", "handlers": [], "propagate": True},
        "gunicorn.access": {"level": "CRITICAL", "handlers": [], "propagate": False},
    },
}


def when_ready(server: Arbiter) -> None:
    """Be told of what killed web processes leave behind, and keep what they will share."""
    del server
    orphans.adopt()
    garbage.settle()


def pre_fork(server: Arbiter, worker: Worker) -> None:
    """Give a web process the place of one that has ended, or the next."""
    taken = {each.place for each in server.WORKERS.values()}
    worker.place = min(set(range(1, len(taken) + 2)) - taken)


def post_fork(server: Arbiter, worker: Worker) -> None:
    """Let it go on counting where its predecessor has stopped."""
    del server
    metrics.take_place(worker.place)


def post_worker_init(worker: Worker) -> None:
    """Let a web process count what it writes to the audit logs, from its own beginning."""
    objects = worker.wsgi.extensions["codara"]
    _hearts.enter_context(wiring_heartbeats.beating(objects.database, objects.logs.signer))


def worker_exit(server: Arbiter, worker: Worker) -> None:
    """Let a web process say how much that was before it ends."""
    del server, worker
    _hearts.close()


def child_exit(server: Arbiter, worker: Worker) -> None:
    """End the git programs of a web process that was killed."""
    del worker
    orphans.end(server.WORKERS)
