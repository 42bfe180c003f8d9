"""Archives and feeds that arrive in a form: who may send one is asked before, and it goes
straight into a folder of ours.
"""

from __future__ import annotations

import tempfile
from typing import IO, TYPE_CHECKING, Any, cast

import flask

from appliance.services import archive_imports, feeds
from appliance.web import requests
from appliance.web.git_http import take_slot

if TYPE_CHECKING:
    from appliance.web.git_slots import Slot

ARCHIVES, FEEDS = "archive_imports.upload", "admin_feeds.upload"
FORM_BYTES = 1024 * 1024
"""What a form has around its file."""


class ArrivingRequest(flask.Request):
    """A request whose files, where they may be large, are written beside where they will stay."""

    def _get_file_stream(self, *sizes: Any, **more: Any) -> IO[bytes]:
        if "arriving" not in flask.g:
            return super()._get_file_stream(*sizes, **more)
        folder = requests.wiring().home.scratch
        return cast("IO[bytes]", tempfile.NamedTemporaryFile(dir=folder))


def install(app: flask.Flask) -> None:
    """Ask before the form is read: so before its token is looked at."""

    @app.before_request
    def _expect() -> None:
        request = flask.request
        if request.endpoint not in {ARCHIVES, FEEDS} or request.method != "POST":
            return
        rules = requests.wiring().settings
        most_bytes = rules.imports.archive_bytes
        with requests.reading() as work:
            if request.endpoint == FEEDS:
                feeds.expect(work)
                most_bytes = rules.feeds.bundle_bytes
            else:
                archive_imports.expect(work, (request.view_args or {})["import_id"])
        flask.g.arriving = take_slot()
        request.max_content_length = most_bytes + FORM_BYTES

    @app.teardown_request
    def _give_back(_error: BaseException | None) -> None:
        slot: Slot | None = flask.g.pop("arriving", None)
        if slot is not None:
            slot.release()
