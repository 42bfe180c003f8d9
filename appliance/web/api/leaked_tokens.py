"""`/credentials/revoke`: tokens that leaked, revoked by whoever found them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

import flask
from pydantic import Field

from appliance.services import leaked_tokens
from appliance.services.leaked_tokens import MOST_TOKENS
from appliance.web import requests
from appliance.web.api import frame

api = frame.area("leaked-tokens", "Tokens that leaked: revoked by whoever found them.")

Shown = Annotated[str, Field(max_length=200)]


class LeakedBody(frame.Body):
    """What was found, and where."""

    credentials: list[Shown] = Field(min_length=1, max_length=MOST_TOKENS)
    place: str = Field("", max_length=500, description="Where, for their owners")


@api.post("/credentials/revoke", summary="Revoke leaked tokens", responses={"202": None})
def revoke(body: LeakedBody) -> Any:
    """For everybody, without signing in. The answer does not say which of them are tokens here."""
    with requests.begin() as work:
        leaked_tokens.revoke(
            work,
            body.credentials,
            place=body.place,
            tools=requests.wiring().sign_in,
            now=requests.now(),
        )
    return flask.Response(status=HTTPStatus.ACCEPTED)
