"""Gunicorn's worker of threads, in which slow clients hold only some of the threads.

One that has been busy and has nothing to do ends, and gunicorn starts another in its place: what
Python has once needed it keeps, while a new process shares nearly all it has with its parent.
"""

from __future__ import annotations

import selectors
import threading
import time
from collections import deque
from functools import partial
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from appliance.garbage import own_kib
from appliance.web.paced_socket import HEAD, PAGE, PacedSocket

NO_USE = frozenset({"/healthz", "/readyz", "/metrics"})
"""What programs ask for, day and night."""


class Worker(ThreadWorker):  # type: ignore[misc]  # The library is not typed.
    """One web process. Its state is how many more slow clients its threads would wait for, and
    when somebody asked it for something last.
    """

    place = 0
    """Which of the web processes it is: of those that live, no other is the same."""
    quiet_seconds = 20.0
    """For so long nobody asks for anything; then it ends, if it holds so much for itself:"""
    spare_kib = 16 * 1024

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.pending_conns: deque[Any] = deque()
        # Clones and pushes have half of the threads and wait with a quarter; the rest stays quick.
        self._places = threading.BoundedSemaphore(max(1, self.cfg.threads // 8))
        self._used_at: float | None = None

    def notify(self) -> None:
        """Show gunicorn that we live, which happens every second; and see whether to go on."""
        super().notify()
        if self._is_spent(time.monotonic()):
            self.alive = False

    def _is_spent(self, present: float) -> bool:
        """Whether we have been used, and are not, and hold much."""
        is_busy = self.nr_conns > len(self.keepalived_conns)
        if self._used_at is None or is_busy or present - self._used_at < self.quiet_seconds:
            return False
        self._used_at = None  # As long as nobody asks for anything, we become no larger.
        return own_kib() >= self.spare_kib

    def enqueue_req(self, conn: Any) -> None:
        """Give a connection to a thread once the head of its request is here; until then, watch it.

        Gunicorn would let a thread wait for the head, without an end.
        """
        if not isinstance(conn.sock, PacedSocket):
            conn.sock = PacedSocket(conn.sock, self._places)
            conn.timeout = time.monotonic() + self.cfg.keepalive
        has_more = conn.initialized and conn.parser.unreader.buf.getvalue()
        had_begun = conn.sock.has_begun
        if has_more or conn.sock.has_head():
            conn.data_ready = True
            super().enqueue_req(conn)
            return
        if not had_begun and conn.sock.has_begun:
            conn.timeout = time.monotonic() + HEAD.grace_seconds
        watch = partial(self.on_pending_socket_readable, conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, watch)
        self.pending_conns.append(conn)

    def murder_pending(self) -> None:
        """End the connections whose heads did not come in time."""
        if len(self.pending_conns) > 1:
            # Gunicorn takes the first for the one that ends first; some have less time than others.
            by_end = sorted(self.pending_conns, key=lambda conn: float(conn.timeout))
            self.pending_conns = deque(by_end)
        super().murder_pending()

    def _cap_keepalive(self, deadline: float) -> None:
        """On the way out, wait for those who never asked no longer than for those who have."""
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            if not conn.sock.has_begun:
                conn.timeout = min(conn.timeout, deadline)

    def handle(self, conn: Any) -> Any:
        """Read a request and answer it; in a thread."""
        conn.sock.begin(HEAD)
        try:
            is_kept = super().handle(conn)
            if not is_kept:
                conn.sock.close_politely()
        finally:
            conn.sock.end()
        return is_kept

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer a request, whose head has been read."""
        if req.path not in NO_USE:
            self._used_at = time.monotonic()
        conn.sock.begin(PAGE)
        return super().handle_request(req, conn)
