"""`/orgs/{org}/secret-patterns`: patterns of secrets that an organisation writes itself."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import flask
from pydantic import Field

from appliance.domain.alerts import Lane
from appliance.services import secret_patterns
from appliance.services.secret_patterns import LONGEST_PATTERN, MOST_EXAMPLES, Draft, Place
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.api.push_protection import ProtectionPath

if TYPE_CHECKING:
    from appliance.db.push_protection import SecretPattern

api = frame.area("secret-patterns", "Patterns of secrets of an organisation's own.")
PLACE = "/orgs/<org>/secret-patterns"
LONGEST_TEXT = 100_000
LONGEST_CURE = 1000


class SecretPatternPath(ProtectionPath):
    """Which one."""

    pattern: str


class SecretPatternBody(frame.Body):
    """A pattern, and by what it is tried."""

    name: str = Field(max_length=64)
    pattern: str = Field(
        max_length=LONGEST_PATTERN,
        description="RE2; a group named `secret` is what of a match is secret",
    )
    matches: list[str] = Field(description="What it must find", max_length=MOST_EXAMPLES)
    refuses: list[str] = Field(
        default=[], description="What it must not find", max_length=MOST_EXAMPLES
    )
    lane: Lane = Field(Lane.REVIEW, description="`block` stops pushes")
    entropy: float = Field(0.0, ge=0, le=8, description="Least bits for each character")
    cure: str = Field("", max_length=LONGEST_CURE, description="What who pushed it is to do")

    @property
    def draft(self) -> Draft:
        """The same, for the verb."""
        said = (self.name, self.pattern, self.matches, self.refuses)
        return Draft(*said, self.lane, self.entropy, self.cure)


class SecretPatternTrialBody(SecretPatternBody):
    """A pattern, and on what it is tried: a text, or a repository of the organisation."""

    text: str = Field("", max_length=LONGEST_TEXT)
    repository: str | None = Field(None, description="OWNER/NAME: the files of its default branch")


class SecretPatternAnswer(frame.Answer):
    """A pattern in use."""

    name: str
    pattern: str
    lane: Lane
    entropy: float
    cure: str
    longest: int = Field(description="Bytes of the longest match that is looked for")
    created_at: datetime


class SecretPatternPage(frame.Answer):
    """All of them."""

    items: list[SecretPatternAnswer]
    next: str | None


class SecretPatternPlace(frame.Answer):
    """Where it finds something. Values are not shown."""

    path: str = Field(description="Empty in a text")
    line: int
    preview: str


class SecretPatternTrialAnswer(frame.Answer):
    """What it finds: the first hundred places."""

    found: list[SecretPatternPlace]


@api.get(PLACE, summary="List an organisation's own patterns", responses={"200": SecretPatternPage})
def list_all(path: ProtectionPath) -> Any:
    """For owners."""
    with requests.reading() as work:
        found = secret_patterns.listed(work, path.org)
        return frame.page([_present(each) for each in found], None)


@api.post(PLACE, summary="Add a pattern", responses={"201": SecretPatternAnswer})
def add(path: ProtectionPath, body: SecretPatternBody) -> Any:
    """It is tried first, and refused with the reason. Both engines are linear in the text."""
    with requests.begin() as work:
        row = secret_patterns.add(work, path.org, body.draft, now=requests.now())
        return frame.answer(_present(row), HTTPStatus.CREATED)


@api.delete(f"{PLACE}/<pattern>", summary="Remove a pattern", responses={"204": None})
def remove(path: SecretPatternPath) -> Any:
    """Alerts that it led to stay."""
    with requests.begin() as work:
        secret_patterns.remove(work, path.org, path.pattern)
    return flask.Response(status=HTTPStatus.NO_CONTENT)


@api.post(f"{PLACE}/trial", summary="Try a pattern", responses={"200": SecretPatternTrialAnswer})
def try_out(path: ProtectionPath, body: SecretPatternTrialBody) -> Any:
    """On a text or a repository, before it is used. Nothing is kept."""
    wiring = requests.wiring()
    if body.repository is None:
        with requests.reading() as work:
            found = secret_patterns.try_on_text(work, path.org, body.draft, body.text)
    else:
        with requests.reading() as work:
            plan = secret_patterns.plan_trial(
                *(work, path.org, body.draft, body.repository), repositories=wiring.repositories
            )
        found = secret_patterns.try_on_repository(plan, tools=wiring.git.scanner)
    return frame.answer(SecretPatternTrialAnswer(found=[_place(each) for each in found]))


def _place(found: Place) -> SecretPatternPlace:
    return SecretPatternPlace(path=found.path, line=found.line, preview=found.preview)


def _present(row: SecretPattern) -> SecretPatternAnswer:
    return SecretPatternAnswer(
        name=row.name,
        pattern=row.pattern,
        lane=row.lane,
        entropy=row.entropy,
        cure=row.cure,
        longest=row.reach_bytes,
        created_at=row.created_at,
    )
