"""A source that answers as it likes reaches nothing behind us, whichever protocol it speaks."""

from __future__ import annotations

import shutil
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID

import pytest

from appliance.errors import ApplianceError
from appliance.git.imports import ImportLimits, fetch_all
from appliance.security import outgoing

JUDGE = partial(outgoing.judge, schemes=("http",), private_allowed=True)


class Handler(SimpleHTTPRequestHandler):
    """Gives plain files, and notes what it was asked."""

    def do_GET(self):
        self.server.asked.append(self.path)
        super().do_GET()

    def log_message(self, *words: object):
        """Nobody reads it."""


@contextmanager
def files(folder):
    """A server of a folder's files: the older protocol of git needs no more."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def silent(_step, _done, _total):
    """Nobody watches."""


@pytest.mark.parametrize("kind", ["http-alternates", "alternates"])
def test_a_source_cannot_send_us_for_its_objects_to_another_host(
    kind, store, git, working_copy, tmp_path
):
    bare, victim = tmp_path / "bare.git", tmp_path / "victim"
    git("clone", "-q", "--bare", working_copy, bare, at=tmp_path)
    git("update-server-info", at=bare)
    shutil.copytree(bare / "objects", victim / "objects")
    target = store.create(UUID(int=2))
    with files(tmp_path) as source, files(victim) as inside:
        place = f"http://127.0.0.1:{inside.server_port}/objects"
        shutil.rmtree(bare / "objects")
        (bare / "objects" / "info").mkdir(parents=True)
        (bare / "objects" / "info" / kind).write_text(f"{place}\n")
        url = f"http://127.0.0.1:{source.server_port}/bare.git"

        with pytest.raises(ApplianceError):
            fetch_all(target, JUDGE(url), limits=ImportLimits(60), progress=silent)

    assert any("info/refs" in each for each in source.asked)
    assert inside.asked == []
