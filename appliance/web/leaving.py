"""A browser is sent to another host: by a page, because a form led here, and a form may not lead
there; and with a form, where what it brings does not stand in an address.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

import flask

from appliance.web import headers


def page(
    address: str, *, provider: str = "", fields: Mapping[str, str] | None = None
) -> flask.Response:
    """The page that sends it there at once, with those fields."""
    if not fields:
        page = flask.render_template("sign_in/leave.html", address=address, provider=provider)
        return flask.make_response(page)
    page = flask.render_template("sign_in/leave_by_form.html", address=address, fields=fields)
    response = flask.make_response(page)
    response.headers["Content-Security-Policy"] = headers.policy_for_form(_place(address))
    response.headers["Cache-Control"] = "no-store"
    return response


def _place(address: str) -> str:
    """Scheme, host and port; metadata whose addresses hold more are not taken."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
