"""Who is asking, and units of work in their name."""

from __future__ import annotations

import ipaddress
import re
import secrets
import socket
import threading
import time
from collections.abc import Generator, Iterable
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote
from uuid import UUID

import flask
import flask_login

from appliance.domain import scim
from appliance.domain.identity import Actor, Method, Origin, stranger
from appliance.errors import UnauthenticatedError
from appliance.services import console as console_service
from appliance.services import idempotency, identify
from appliance.wiring import Wiring

if TYPE_CHECKING:
    from pydantic import IPvAnyNetwork

    from appliance.db.unit_of_work import UnitOfWork

SESSION_COOKIE = "codara_session"
DEVICE_COOKIE = "codara_device"
DEVICE = re.compile(r"[A-Za-z0-9_-]{43}")
CONSOLE_HEADER = "X-Codara-Console"
ALONE_HEADER = "X-Codara-Alone"
"""Beside the other: why somebody there does alone what needs two people, percent-encoded."""
# Set by the command line where it calls the application in its own process. A header of a client
# is HTTP_... in this dictionary, so nobody can send it.
IN_PROCESS = "codara.in_process"
TOUCH_AFTER = timedelta(minutes=1)
USES_REMEMBERED = 10_000


class Asking(flask_login.UserMixin):  # type: ignore[misc]  # The library is not typed.
    """Who asks in this request, as Flask-Login keeps them."""

    def __init__(self, actor: Actor, known: identify.KnownSession | None = None) -> None:
        self.actor = actor
        self.known = known


class Nobody(flask_login.AnonymousUserMixin):  # type: ignore[misc]  # The library is not typed.
    """Somebody who has not signed in."""

    known = None

    @property
    def actor(self) -> Actor:
        """A stranger, from where this request came."""
        return stranger(origin())


class UseClock:
    """When each credential's use was last written down; this process's, to spare the database."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._written: dict[UUID, float] = {}

    def is_due(self, credential_id: UUID) -> bool:
        """Whether a minute has passed since; says so to one caller only."""
        present = time.monotonic()
        with self._lock:
            if present - self._written.get(credential_id, -60.0) < TOUCH_AFTER.total_seconds():
                return False
            if len(self._written) >= USES_REMEMBERED:
                self._written.clear()
            self._written[credential_id] = present
            return True


_uses = UseClock()


def install(app: flask.Flask) -> None:
    """Let Flask-Login ask us who is there. The session is a row of ours, not a signed cookie."""
    manager = flask_login.LoginManager()
    manager.session_protection = None
    manager.anonymous_user = Nobody
    manager.request_loader(_load)
    manager.init_app(app)


def wiring() -> Wiring:
    """The long-lived objects of this process."""
    return cast("Wiring", flask.current_app.extensions["codara"])


def wiring_of(app: flask.Flask) -> Wiring:
    """The same, while the application is being put together."""
    return cast("Wiring", app.extensions["codara"])


def raw_tail(segments: int) -> bytes:
    """The path of this request after so many segments, as the bytes that were sent.

    Flask's own path parameter is text, and turns bytes that are no UTF-8 into something else.
    """
    raw = flask.request.environ["PATH_INFO"].encode("latin-1")
    parts: list[bytes] = raw.split(b"/", segments + 1)
    return parts[segments + 1] if len(parts) > segments + 1 else b""


def now() -> datetime:
    """The present time, read once for a request."""
    if "now" not in flask.g:
        flask.g.now = datetime.now(UTC)
    return cast("datetime", flask.g.now)


def present() -> datetime:
    """The time at which a long answer has come to its end, which is long after `now()`."""
    return datetime.now(UTC)


def request_id() -> str:
    """A reference to this request: in its events, its log lines and its error page."""
    if "request_id" not in flask.g:
        flask.g.request_id = secrets.token_hex(8)
    return cast("str", flask.g.request_id)


def origin() -> Origin:
    """From where this request came."""
    request = flask.request
    agent = request.user_agent.string[:255].encode("ascii", "replace").decode("ascii")
    return Origin(
        address=request.remote_addr or "",
        user_agent=agent,
        request_id=request_id(),
        device=device(),
    )


def device() -> str:
    """What stays in this browser, and binds its sessions to it; made now where it has nothing."""
    if "device" not in flask.g:
        kept = flask.request.cookies.get(DEVICE_COOKIE, "")
        flask.g.device = kept if DEVICE.fullmatch(kept) else secrets.token_urlsafe(32)
    return cast("str", flask.g.device)


def actor() -> Actor:
    """Who is asking."""
    return cast("Actor", flask_login.current_user.actor)


def become(found: Actor) -> None:
    """Let a door that has its own way to ask say who is there."""
    flask.g._login_user = Asking(found)  # noqa: SLF001 - Flask-Login's documented place for it.


def known_session() -> identify.KnownSession | None:
    """The browser session of this request, if it has one."""
    return cast("identify.KnownSession | None", flask_login.current_user.known)


def owes_factor(known: identify.KnownSession) -> bool:
    """Whether they must set up a second factor before anything else."""
    return known.factor_due_at is not None and known.factor_due_at <= now()


def begin() -> AbstractContextManager[UnitOfWork]:
    """A unit of work in the name of who is asking."""
    claim = flask.g.get("idempotency_claim")
    if claim is None:
        return wiring().database.begin(actor())
    return _begin_once(claim)


@contextmanager
def _begin_once(claim: idempotency.Claim) -> Generator[UnitOfWork]:
    """A unit of work that is committed only if its request is still the one that has the key."""
    with wiring().database.begin(actor()) as work:
        yield work
        idempotency.note_done(work, claim)


def reading() -> AbstractContextManager[UnitOfWork]:
    """The same, in which the database itself refuses to write."""
    return wiring().database.reading(actor())


def is_internal() -> bool:
    """Whether the request came over the local socket that only our system account can open."""
    listener = flask.request.environ.get("gunicorn.socket")
    return listener is not None and listener.family == socket.AF_UNIX


def is_scim() -> bool:
    """Whether this request is for the door of SCIM, which takes its own tokens and nothing else."""
    return flask.request.path.startswith(f"{scim.PREFIX}/") or flask.request.path == scim.PREFIX


def is_from(networks: Iterable[IPvAnyNetwork]) -> bool:
    """Whether the request came from one of these networks."""
    try:
        address = ipaddress.ip_address(flask.request.remote_addr or "")
    except ValueError:
        return False
    return any(address in network for network in networks)


def note_use(actor: Actor) -> None:
    """Remember that a token or key was used, at most once a minute."""
    credential_id = actor.origin.credential_id
    if credential_id is not None and _uses.is_due(credential_id):
        with wiring().database.begin(actor) as work:
            identify.note_use(work, credential_id, address=actor.origin.address, now=now())


def actor_or_stranger() -> Actor:
    """Who is asking; somebody whose token is not believed is a stranger."""
    try:
        return actor()
    except UnauthenticatedError:
        return stranger(origin())


def _load(request: flask.Request) -> Asking | None:
    """Flask-Login's question: who sent this request. A wrong token raises, a stale cookie does not.
    It is asked several times, and a refusal is looked for and recorded once.

    Errors:
        UnauthenticatedError: a token was sent and is not valid.
    """
    if "not_believed" in flask.g:
        raise cast("UnauthenticatedError", flask.g.not_believed)
    try:
        return _found(request)
    except UnauthenticatedError as error:
        flask.g.not_believed = error
        raise


def _found(request: flask.Request) -> Asking | None:
    console = request.headers.get(CONSOLE_HEADER)
    if console is not None:
        return Asking(_at_console(console))
    header = request.headers.get("Authorization", "")
    scheme, _, value = header.partition(" ")
    if is_scim():
        return Asking(_by_scim_token(value.strip())) if scheme.lower() == "bearer" else None
    if scheme.lower() == "bearer":
        return Asking(_by_bearer(value.strip()))
    cookie = request.cookies.get(SESSION_COOKIE)
    if header and not cookie and request.path.startswith("/api/"):
        # Not a stranger: somebody who thinks that they have said who they are.
        raise UnauthenticatedError("Say who you are in the header `Authorization: Bearer TOKEN`.")
    return _by_cookie(cookie) if cookie else None


def _at_console(name: str) -> Actor:
    """The user as whom the console acts; the way in decides, not the words that came over it."""
    if not is_internal() and IN_PROCESS not in flask.request.environ:
        raise UnauthenticatedError("Only a command on the appliance's own machine may say that.")
    with wiring().database.reading(stranger(origin())) as work:
        alone = unquote(flask.request.headers.get(ALONE_HEADER, ""))
        return console_service.actor(work, name, origin=origin(), alone=alone)


def _by_bearer(text: str) -> Actor:
    tools = wiring().sign_in
    with wiring().database.reading(stranger(origin())) as work:
        if text.count(".") == 2:  # noqa: PLR2004 - a JWT has three parts, RFC 7519.
            found = identify.by_bearer(work, text, origin=origin(), bearer=tools.bearer, now=now())
        else:
            found = identify.by_token(
                work, text, origin=origin(), fingerprint_key=tools.fingerprint_key, now=now()
            )
    note_use(found)
    return found


def _by_scim_token(text: str) -> Actor:
    key = wiring().sign_in.fingerprint_key
    with wiring().database.reading(stranger(origin())) as work:
        found = identify.by_scim_token(work, text, origin=origin(), fingerprint_key=key, now=now())
    note_use(found)
    return found


def _by_cookie(cookie: str) -> Asking | None:
    key = wiring().sign_in.fingerprint_key
    with wiring().database.reading(stranger(origin())) as work:
        known = identify.by_session(work, cookie, origin=origin(), fingerprint_key=key, now=now())
    if known is None:
        return None
    if now() - known.seen_at > TOUCH_AFTER:
        with wiring().database.begin(known.actor) as work:
            identify.touch_session(work, known.session_id, now=now())
    return Asking(known.actor, known)


def uses_session() -> bool:
    """Whether the actor is a person in a browser, whose forms need a CSRF token."""
    return actor().origin.method is Method.SESSION
