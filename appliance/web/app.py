"""The Flask application: blueprints, headers, errors."""

from __future__ import annotations

import time
from typing import Any

import flask
import structlog
from flask_babel import Babel, get_locale
from flask_openapi3.models.info import Info

from appliance import version
from appliance.telemetry import Tracing
from appliance.web import (
    arriving,
    compression,
    csrf,
    devices,
    errors,
    headers,
    language,
    metrics,
    must_change,
    present,
    requests,
    routes,
    template_words,
    tracing,
)
from appliance.web.api import frame
from appliance.web.event_stream import GivingAway
from appliance.web.late_rules import Application
from appliance.web.proxies import BehindProxies
from appliance.wiring import Wiring

log = structlog.get_logger()

LOCALES = ("en", "de")
THEMES = ("light", "dark")
ONE_YEAR_SECONDS = 365 * 24 * 3600


def create_app(wiring: Wiring) -> flask.Flask:
    """The application for one appliance."""
    app = Application(
        __name__,
        info=Info(title="Codara Appliance", version=version.API),
        security_schemes={**frame.SECURITY_SCHEMES},
        doc_ui=False,
    )
    app.request_class = arriving.ArrivingRequest
    _configure(app, wiring)
    _log_requests(app)
    compression.install(app)
    metrics.install(app)
    tracing.install(app, Tracing(wiring.settings.telemetry.traces_endpoint, "web"))
    requests.install(app)
    Babel(app, locale_selector=_locale)
    template_words.install(app)
    arriving.install(app)
    csrf.install(app)
    errors.install(app)
    must_change.install(app)
    headers.install(app, is_https=wiring.settings.server.url.startswith("https:"))
    present.register(app, clock=requests.now)
    app.add_template_filter(language.said, "said")
    app.add_template_filter(devices.named, "device")
    _give_templates_what_they_need(app)
    frame.install(app)
    routes.install(app)
    return app


def _configure(app: flask.Flask, wiring: Wiring) -> None:
    settings = wiring.settings
    app.extensions["codara"] = wiring
    app.secret_key = wiring.cookie_key
    app.config.update(
        MAX_CONTENT_LENGTH=settings.limits.request_bytes,
        SESSION_COOKIE_NAME="codara_form",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.server.url.startswith("https:"),
        SEND_FILE_MAX_AGE_DEFAULT=ONE_YEAR_SECONDS,
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's default provider has it.
    # A path is bytes: `//` in it is data, and a slash at the end decides nothing.
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = False
    if settings.server.trusted_proxies:
        app.wsgi_app = BehindProxies(app.wsgi_app, settings.server)  # type: ignore[method-assign]  # The documented way.
    app.wsgi_app = GivingAway(app.wsgi_app)  # type: ignore[method-assign]  # The same.


def _locale() -> str | None:
    chosen = flask.request.cookies.get("codara_locale")
    if chosen in LOCALES:
        return chosen
    return flask.request.accept_languages.best_match(LOCALES) or LOCALES[0]


def _give_templates_what_they_need(app: flask.Flask) -> None:
    stamp = version.STATIC

    @app.context_processor
    def _context() -> dict[str, Any]:
        known = requests.known_session()
        theme = flask.request.cookies.get("codara_theme", "")
        return {
            "actor": _person(known) if known else None,
            "theme": theme if theme in THEMES else "",
            "site_name": requests.wiring().settings.server.name,
            "get_locale": get_locale,
        }

    @app.url_defaults
    def _stamp_static(endpoint: str, values: dict[str, Any]) -> None:
        # A changed file gets another address, so browsers may keep what they have for a year.
        if endpoint == "static":
            values.setdefault("v", stamp)


def _person(known: Any) -> dict[str, Any]:
    return {
        "name": known.user.name,
        "display_name": known.user.display_name,
        "is_administrator": known.actor.is_administrator,
        "is_elevated": known.actor.is_elevated,
        "factor_due_at": known.factor_due_at,
        "owes_factor": requests.owes_factor(known),
        "acting": known.acting,
    }


def _log_requests(app: flask.Flask) -> None:
    @app.before_request
    def _start() -> None:
        flask.g.started = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=requests.request_id())

    @app.after_request
    def _finish(response: flask.Response) -> flask.Response:
        response.headers["X-Request-Id"] = requests.request_id()
        log.info(
            "request",
            method=flask.request.method,
            route=flask.request.url_rule.rule if flask.request.url_rule else None,
            status=response.status_code,
            milliseconds=round((time.perf_counter() - flask.g.started) * 1000, 1),
            actor=_pseudonym(),
            impersonator=_impersonator(),
        )
        return response


def _impersonator() -> str | None:
    loaded = flask.g.get("_login_user")
    acting = loaded.actor.impersonator if loaded is not None else None
    return acting.pseudonym if acting is not None else None


def _pseudonym() -> str | None:
    # Only if somebody asked already: an answer to a stranger needs no look-up for its log line.
    loaded = flask.g.get("_login_user")
    return loaded.actor.pseudonym if loaded is not None else None
