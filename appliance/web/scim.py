"""The door of SCIM 2.0, outside `/api/v1`: a customer's system tells who its people are.

It takes the tokens that were made for a provider, and no other credential. Source: RFC 7644.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import flask
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import MethodNotAllowed, UnsupportedMediaType

from appliance.domain import scim
from appliance.domain.identity import ActorKind
from appliance.domain.scim import PREFIX, ScimError
from appliance.errors import NotFoundError, RefusedError, UnauthenticatedError, sentence
from appliance.late import Late
from appliance.web import requests, scim_answers

if TYPE_CHECKING:
    from appliance.services import scim_answers as answers
    from appliance.services import scim_discovery, scim_everything, scim_groups, scim_users
    from appliance.web import scim_bulk
else:
    # The library's models take 8 MiB.
    answers = Late("appliance.services.scim_answers")
    scim_discovery = Late("appliance.services.scim_discovery")
    scim_everything = Late("appliance.services.scim_everything")
    scim_groups = Late("appliance.services.scim_groups")
    scim_users = Late("appliance.services.scim_users")
    scim_bulk = Late("appliance.web.scim_bulk")

blueprint = flask.Blueprint("scim", __name__, url_prefix=PREFIX)

TYPES = frozenset({"application/scim+json", "application/json"})
ASKED = (
    *("attributes", "excludedAttributes", "filter", "sortBy", "sortOrder"),
    *("startIndex", "count"),
)
NO_TOKEN = sentence("Send a token of this provider: `Authorization: Bearer TOKEN`.")
NO_ME = sentence("A client is nobody: there is no /Me.")


@blueprint.before_request
def _receive() -> None:
    """Go on only for a client, with a body that is small enough."""
    flask.request.max_content_length = scim.LARGEST_BODY
    if requests.actor().kind is not ActorKind.SCIM_CLIENT:
        raise UnauthenticatedError(NO_TOKEN)


@blueprint.get("/Users")
def list_users() -> ResponseReturnValue:
    """People, filtered and in pages."""
    with requests.reading() as work:
        return scim_answers.listed(scim_users.search(work, _asked(), base=base()))


@blueprint.post("/Users/.search")
def search_users() -> ResponseReturnValue:
    """The same, with the question in the body."""
    sent = body()
    with requests.reading() as work:
        return scim_answers.listed(scim_users.search(work, sent, base=base()))


@blueprint.post("/Users")
def create_user() -> ResponseReturnValue:
    """Somebody is to be known."""
    sent = body()
    with requests.begin() as work:
        made = scim_users.create(work, sent, given=_shown(), base=base(), now=requests.now())
    return scim_answers.resource(made, HTTPStatus.CREATED)


@blueprint.get("/Users/<identifier>")
def show_user(identifier: str) -> ResponseReturnValue:
    """One person."""
    with requests.reading() as work:
        found = scim_users.show(work, identifier, given=_shown(), base=base())
    return scim_answers.resource(found)


@blueprint.put("/Users/<identifier>")
def replace_user(identifier: str) -> ResponseReturnValue:
    """A person is this and nothing else."""
    sent = body()
    with requests.begin() as work:
        found = scim_users.replace(work, identifier, sent, **_change())
    return scim_answers.resource(found)


@blueprint.patch("/Users/<identifier>")
def patch_user(identifier: str) -> ResponseReturnValue:
    """Some of a person is different."""
    sent = body()
    with requests.begin() as work:
        found = scim_users.patch(work, identifier, sent, **_change())
    return scim_answers.resource(found)


@blueprint.delete("/Users/<identifier>")
def delete_user(identifier: str) -> ResponseReturnValue:
    """A person is gone: they may not enter any more."""
    with requests.begin() as work:
        scim_users.delete(work, identifier, if_match=_if_match(), now=requests.now())
    return flask.Response(status=HTTPStatus.NO_CONTENT)


@blueprint.get("/Groups")
def list_groups() -> ResponseReturnValue:
    """Groups, filtered and in pages."""
    with requests.reading() as work:
        return scim_answers.listed(scim_groups.search(work, _asked(), base=base()))


@blueprint.post("/Groups/.search")
def search_groups() -> ResponseReturnValue:
    """The same, with the question in the body."""
    sent = body()
    with requests.reading() as work:
        return scim_answers.listed(scim_groups.search(work, sent, base=base()))


@blueprint.post("/Groups")
def create_group() -> ResponseReturnValue:
    """A group is to be known."""
    sent = body()
    with requests.begin() as work:
        made = scim_groups.create(work, sent, given=_shown(), base=base(), now=requests.now())
    return scim_answers.resource(made, HTTPStatus.CREATED)


@blueprint.get("/Groups/<identifier>")
def show_group(identifier: str) -> ResponseReturnValue:
    """One group, with its members."""
    with requests.reading() as work:
        found = scim_groups.show(work, identifier, given=_shown(), base=base())
    return scim_answers.resource(found)


@blueprint.put("/Groups/<identifier>")
def replace_group(identifier: str) -> ResponseReturnValue:
    """A group is this and nothing else."""
    sent = body()
    with requests.begin() as work:
        found = scim_groups.replace(work, identifier, sent, **_change())
    return scim_answers.resource(found)


@blueprint.patch("/Groups/<identifier>")
def patch_group(identifier: str) -> ResponseReturnValue:
    """Some of a group is different."""
    sent = body()
    with requests.begin() as work:
        found = scim_groups.patch(work, identifier, sent, **_change())
    if found is None:
        return flask.Response(status=HTTPStatus.NO_CONTENT)
    return scim_answers.resource(found)


@blueprint.delete("/Groups/<identifier>")
def delete_group(identifier: str) -> ResponseReturnValue:
    """A group is gone."""
    with requests.begin() as work:
        scim_groups.delete(work, identifier, if_match=_if_match(), now=requests.now())
    return flask.Response(status=HTTPStatus.NO_CONTENT)


@blueprint.post("/.search")
def search() -> ResponseReturnValue:
    """People and groups together."""
    sent = body()
    with requests.reading() as work:
        return scim_answers.listed(scim_everything.search(work, sent, base=base()))


@blueprint.post("/Bulk")
def bulk() -> ResponseReturnValue:
    """Several changes in one request; each stands or falls by itself."""
    return scim_answers.answer(scim_bulk.done(body(), base()))


@blueprint.get("/ServiceProviderConfig")
def service() -> ResponseReturnValue:
    """What of SCIM there is."""
    _insist_on_no_filter()
    return scim_answers.answer(scim_discovery.service(base()))


@blueprint.get("/<any(Schemas, ResourceTypes):kind>")
def discover(kind: str) -> ResponseReturnValue:
    """What resources there are, or what they look like."""
    _insist_on_no_filter()
    found = scim_discovery.everything(kind, base())
    return scim_answers.listed(answers.Found(len(found), 1, found))


@blueprint.get("/<any(Schemas, ResourceTypes):kind>/<identifier>")
def discover_one(kind: str, identifier: str) -> ResponseReturnValue:
    """One of them."""
    _insist_on_no_filter()
    return scim_answers.answer(scim_discovery.one(kind, identifier, base()))


@blueprint.route("/Me", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
def me() -> ResponseReturnValue:
    """Nobody: RFC 7644, section 3.11 lets us say so."""
    raise ScimError(NO_ME, status=HTTPStatus.NOT_IMPLEMENTED)


@blueprint.route("/", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
@blueprint.route("/<path:rest>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
def nothing(rest: str = "") -> ResponseReturnValue:
    """An address with nothing at it, or one that is used differently."""
    used = _used_here(rest)
    if used:
        raise MethodNotAllowed(valid_methods=used)
    raise NotFoundError(sentence("There is nothing at this address."))


def base() -> str:
    """The address that all of it begins with."""
    return f"{requests.wiring().settings.server.url.rstrip('/')}{PREFIX}"


def body() -> Mapping[str, Any]:
    """The JSON object that was sent."""
    if flask.request.mimetype not in TYPES:
        raise UnsupportedMediaType("Send JSON: Content-Type: application/scim+json.")
    return answers.read_body(flask.request.get_data(cache=False))


def _used_here(rest: str) -> list[str]:
    """By what methods an address is used, other than the one that was tried."""
    found = []
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        adapter = flask.current_app.url_map.bind("")
        rule, _ = adapter.match(f"{PREFIX}/{rest}", method=method, return_rule=True)
        if rule.endpoint != "scim.nothing":
            found.append(method)
    return found


def _asked() -> dict[str, str]:
    given = flask.request.args
    return {name: given[name] for name in ASKED if given.get(name)}


def _shown() -> dict[str, str]:
    """Which attributes are wanted."""
    given = flask.request.args
    return {name: given[name] for name in ASKED[:2] if given.get(name)}


def _if_match() -> str:
    return flask.request.headers.get("If-Match", "")


def _change() -> dict[str, Any]:
    return {"given": _shown(), "if_match": _if_match(), "base": base(), "now": requests.now()}


def _insist_on_no_filter() -> None:
    """Source: RFC 7644, section 4: these lists are not filtered, and a client has to learn it."""
    if "filter" in flask.request.args:
        raise RefusedError(sentence("These lists cannot be filtered."))
