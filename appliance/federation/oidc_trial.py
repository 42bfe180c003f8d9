"""Trying an OpenID provider step by step, before anybody goes there and afterwards.

What is tried is the talk itself: its questions are asked through a `Recorder`, and the steps are
what that heard.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from appliance.domain.claims import Claims
from appliance.errors import UnavailableError
from appliance.federation import oidc
from appliance.federation.oidc import OK, Ask, Attempt, Peer
from appliance.federation.oidc_metadata import WELL_KNOWN, Metadata
from appliance.federation.refused import AnswerRefusedError
from appliance.federation.trial_steps import LONGEST_LINE, MASK, Step

MOST_LINES = 500
MASKED = frozenset(
    {
        *("access_token", "refresh_token", "id_token", "client_secret", "client_assertion"),
        *("code", "code_challenge", "code_verifier", "state", "nonce"),
        *("at_hash", "c_hash", "s_hash", "session_state"),
    }
)
"""What opens something, or binds it."""


class StepName(StrEnum):
    """What is tried, in this order: the first three without anybody going there."""

    DISCOVERY = "discovery"
    KEYS = "keys"
    QUESTION = "question"
    ANSWER = "answer"
    TOKEN = "token"  # noqa: S105 - the name of a step, not a secret.
    CLAIMS = "claims"
    USER_INFO = "user_info"
    VERDICT = "verdict"


@dataclass(frozen=True)
class Heard:
    """What was asked, and what came back."""

    method: str
    url: str
    said: str
    """The status, or why there was none."""
    is_good: bool
    body: bytes


@dataclass
class Recorder:
    """Asks by another way, and remembers. Its state: what it heard."""

    ask: Ask
    heard: list[Heard] = field(default_factory=list)

    def __call__(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, bytes]:
        """The status and the body of the answer.

        Errors:
            AnswerRefusedError: it may not be reached there.
            UnavailableError: it does not answer in time.
        """
        try:
            status, answer = self.ask(method, url, headers=headers, body=body)
        except (AnswerRefusedError, UnavailableError) as error:
            said = error.reason if isinstance(error, AnswerRefusedError) else error.message
            self.heard.append(Heard(method, url, said, is_good=False, body=b""))
            raise
        self.heard.append(Heard(method, url, str(status), status == OK, answer))
        return status, answer


def steps(peer: Peer, recorder: Recorder) -> list[Step]:
    """What was heard, one step for each question, and what the ID token among it says."""
    found: list[Step] = []
    for each in recorder.heard:
        name = _name(peer, each, [step.name for step in found])
        lines = (f"{each.method} {each.url}", each.said, *_shown(each.body))
        found.append(_step(peer, name, lines, is_good=each.is_good))
        if name is StepName.TOKEN:
            found += _claims(peer, each.body)
    return found


def question(metadata: Metadata, peer: Peer, attempt: Attempt) -> Step:
    """What the browser is sent with, as it would be."""
    address = urlsplit(oidc.address(metadata, peer, attempt))
    base = f"{address.scheme}://{address.netloc}{address.path}"
    lines = [f"{name}: {_masked(name, value)}" for name, value in parse_qsl(address.query)]
    return _step(peer, StepName.QUESTION, (base, *lines))


def answered(peer: Peer, answer: Mapping[str, str]) -> Step:
    """What the browser brought back."""
    lines = [f"{name}: {_masked(name, value)}" for name, value in answer.items()]
    return _step(peer, StepName.ANSWER, lines, is_good="error" not in answer)


def believed(peer: Peer, claims: Claims) -> Step:
    """What is read of an answer that is true."""
    facts = claims.facts
    counts = "yes" if facts.showed_second_factor else "no"
    lines = (
        f"sub: {claims.subject}",
        f"name: {claims.name or '-'}",
        f"email: {claims.address or '-'}",
        f"acr: {facts.context or '-'}",
        f"amr: {' '.join(facts.methods) or '-'}",
        f"auth_time: {facts.shown_at.isoformat() if facts.shown_at else '-'}",
        f"second factor: {counts}",
    )
    return _step(peer, StepName.VERDICT, lines)


def refused(peer: Peer, reason: str) -> Step:
    """The word by which the log knows why an answer is not believed."""
    return _step(peer, StepName.VERDICT, (reason,), is_good=False)


def _name(peer: Peer, heard: Heard, before: list[str]) -> StepName:
    if heard.url == f"{peer.settings.issuer_url}{WELL_KNOWN}":
        return StepName.DISCOVERY
    if heard.method == "POST":
        return StepName.TOKEN
    # Keys may be asked for again after the token; user-info is at no address of theirs.
    is_first = StepName.KEYS not in before
    return StepName.KEYS if is_first or _is_jwks(heard.body) else StepName.USER_INFO


def _is_jwks(body: bytes) -> bool:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and "keys" in found and "sub" not in found


def _claims(peer: Peer, body: bytes) -> list[Step]:
    """Header and claims of the ID token in an answer, whether it is true or not."""
    try:
        parts = json.loads(body)["id_token"].split(".")[:2]
        opened = [json.loads(urlsafe_b64decode(each + "=" * (-len(each) % 4))) for each in parts]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return []
    lines = [line for each in opened for line in _written(each)]
    return [_step(peer, StepName.CLAIMS, lines)]


def _shown(body: bytes) -> list[str]:
    try:
        return _written(json.loads(body))
    except (ValueError, RecursionError):
        return body[:LONGEST_LINE].decode(errors="replace").splitlines()


def _written(found: Any) -> list[str]:
    return json.dumps(_without_secrets(found), indent=2, ensure_ascii=False).splitlines()


def _without_secrets(found: Any) -> Any:
    if isinstance(found, list):
        return [_without_secrets(each) for each in found]
    if isinstance(found, dict):
        return {
            name: MASK if name in MASKED and isinstance(value, str) else _without_secrets(value)
            for name, value in found.items()
        }
    return found


def _masked(name: str, value: str) -> str:
    return MASK if name in MASKED else value


def _step(peer: Peer, name: StepName, lines: Iterable[str], *, is_good: bool = True) -> Step:
    secret = peer.settings.client_secret.get_secret_value()
    kept = (line.replace(secret, MASK) if secret else line for line in lines)
    shown = tuple(line[:LONGEST_LINE] for line in kept)[:MOST_LINES]
    return Step(name, peer.settings.issuer_url, is_good, shown)
