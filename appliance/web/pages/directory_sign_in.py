"""Signing in, confirming and linking by the password of an LDAP directory."""

from __future__ import annotations

import flask
from flask.typing import ResponseReturnValue
from pydantic import Field

from appliance.domain.identity_providers import ProviderKind
from appliance.errors import ApplianceError, NotFoundError, ThrottledError
from appliance.services import directory_sign_in, offered_providers
from appliance.web import cookies, forms, provider_doors, requests
from appliance.web.provider_doors import Act

pages = flask.Blueprint("ldap", __name__)


class DirectoryForm(forms.Form):
    """Who they are there, and what shows it."""

    name: str = Field(max_length=255)
    password: forms.Exact = Field(max_length=1024)


@pages.get("/auth/ldap/<provider>/login")
def login(provider: str) -> ResponseReturnValue:
    """Ask for name and password of a directory."""
    return _ask(provider, {})


@pages.post("/auth/ldap/<provider>/login")
def enter(provider: str) -> ResponseReturnValue:
    """Ask the directory, and do what they came for."""
    try:
        form = DirectoryForm.parse(flask.request.form)
        tools, sealer = requests.wiring().sign_in, requests.wiring().sealer
        with requests.reading() as work:
            question = directory_sign_in.prepare(
                work, provider, form.name, tools=tools, sealer=sealer
            )
        said = question.ask(form.password, now=requests.now())
        with requests.begin() as work:
            directory_sign_in.learn(work, question, said, now=requests.now())
        with requests.reading() as work:
            claims = directory_sign_in.answered(work, question, said)
    except NotFoundError:
        raise
    except ApplianceError as error:
        return _ask_again(provider, error)
    act = provider_doors.act_of(flask.request.args.get("act"))
    target = flask.request.args.get("next", "/")
    return provider_doors.come_back(act, question.provider_id, claims, target=target)


def _ask(provider: str, problems: dict[str, str]) -> str:
    with requests.reading() as work:
        offered = offered_providers.named(work, provider, ProviderKind.LDAP)
    target = cookies.own_path(flask.request.args.get("next"))
    act = provider_doors.act_of(flask.request.args.get("act"))
    return flask.render_template(
        "sign_in/directory.html",
        label=offered.label,
        address=flask.url_for("ldap.enter", provider=provider, next=target, act=act),
        is_sign_in=act is Act.SIGN_IN,
        target=target,
        name=flask.request.form.get("name", ""),
        problems=problems,
    )


def _ask_again(provider: str, error: ApplianceError) -> ResponseReturnValue:
    found = forms.problems(error)
    problems = found if found.keys() & {"name", "password"} else {"password": str(error)}
    response = flask.make_response(_ask(provider, problems), error.http_status)
    if isinstance(error, ThrottledError):
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response
