"""`/licences`, `/notice` and `/licence-policy`: what is under which licence, and what holds."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import Any

import flask
from pydantic import Field

from appliance.domain.licences import DecidedPackage, LicenceDecision, LicencePolicy
from appliance.services import licence_policies, licences
from appliance.services.component_licences import Judged
from appliance.services.licences import LicenceReport, LicenceUse
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.api.organisations import OrganisationPath
from appliance.web.api.repositories import RepositoryPath

api = frame.area("licences", "What is under which licence, and which licences are allowed.")
POLICY = "/orgs/<org>/licence-policy"


class LicenceQuery(frame.Body):
    """How much is named."""

    named: int = Field(100, ge=0, le=100_000, description="Packages of each licence")


class LicencePackage(frame.Answer):
    """A package, and what was decided about it. `written` is what its manifest says; `reason` is
    why somebody has decided something else.
    """

    purl: str
    name: str
    version: str
    ecosystem: str
    written: str
    reason: str


class LicenceUseAnswer(frame.Answer):
    """A licence, and what is under it."""

    licence: str = Field(description="An expression, or as it is written; empty: nothing is known")
    decision: LicenceDecision
    because: list[str] = Field(description="The licences in it that decided")
    duties: list[str] | None = Field(description="What it asks for; null where that is not known")
    count: int
    packages: list[LicencePackage] = Field(description="As many of them as were asked for")


class LicenceReportAnswer(frame.Answer):
    """All licences, the worst and the most used first. Without a policy nothing was decided."""

    has_policy: bool
    packages: int
    manifests: int
    unread: int = Field(description="Manifests that could not be read: not in here")
    licences: list[LicenceUseAnswer]


class PackageDecision(frame.Body):
    """What somebody found out about a package, whatever its manifest says."""

    package: str = Field(max_length=512, description="Without version, as pkg:pypi/requests")
    licence: str = Field(max_length=2000, description="An expression of SPDX identifiers")
    reason: str = Field(max_length=500)
    until: date | None = Field(None, description="The last day on which it counts")


class LicencePolicyBody(frame.Body):
    """What holds for licences. What is on neither list is to be looked at."""

    allowed: list[str] = Field(default_factory=list, max_length=1000)
    denied: list[str] = Field(default_factory=list, max_length=1000)
    decided: list[PackageDecision] = Field(default_factory=list, max_length=2000)
    alerts_for_review: bool = False

    @property
    def wanted(self) -> LicencePolicy:
        """The same for services."""
        return LicencePolicy(
            tuple(self.allowed),
            tuple(self.denied),
            tuple(
                DecidedPackage(each.package, each.licence, each.reason, each.until)
                for each in self.decided
            ),
            self.alerts_for_review,
        )


class PackageDecisionAnswer(frame.Answer):
    """What somebody found out about a package."""

    package: str
    licence: str
    reason: str
    until: date | None


class LicencePolicyAnswer(frame.Answer):
    """What holds for licences; `set` is false where the organisation says nothing."""

    set: bool
    allowed: list[str]
    denied: list[str]
    decided: list[PackageDecisionAnswer]
    alerts_for_review: bool


class LicenceChange(frame.Answer):
    """A package that would be judged otherwise."""

    purl: str
    licence: str
    before: LicenceDecision
    after: LicenceDecision


class LicenceTrial(frame.Answer):
    """What a policy would come to, in repositories whose alerts the caller may see."""

    before: dict[LicenceDecision, int]
    after: dict[LicenceDecision, int]
    changed: list[LicenceChange] = Field(description="The first fifty of them")


@api.get(
    "/repos/<owner>/<name>/licences",
    summary="List licences",
    responses={"200": LicenceReportAnswer},
)
def list_licences(path: RepositoryPath, query: LicenceQuery) -> Any:
    """Of the components of the default branch: for who may see alerts."""
    with requests.reading() as work:
        found = licences.of_repository(work, path.path, now=requests.now())
    return frame.answer(_report(found, query.named))


@api.get(
    "/repos/<owner>/<name>/notice",
    summary="Download a NOTICE file",
    responses={"200": {"description": "The file", "content": {"text/plain": {}}}},
)
def download_notice(path: RepositoryPath) -> Any:
    """A text with every component that goes along, its licence, and what has to be looked at."""
    with requests.reading() as work:
        text = licences.notice(work, path.path, now=requests.now())
    return flask.Response(text, content_type="text/plain; charset=utf-8")


@api.get(
    "/orgs/<org>/licences",
    summary="List licences of an organisation",
    responses={"200": LicenceReportAnswer},
)
def list_in_organisation(path: OrganisationPath, query: LicenceQuery) -> Any:
    """Of all its repositories whose alerts the caller may see."""
    with requests.reading() as work:
        found = licences.of_organisation(work, path.org, now=requests.now())
    return frame.answer(_report(found, query.named))


@api.get(POLICY, summary="Show a policy of licences", responses={"200": LicencePolicyAnswer})
def show_policy(path: OrganisationPath) -> Any:
    """Which licences are allowed."""
    with requests.reading() as work:
        return frame.answer(_policy(licence_policies.show(work, path.org)))


@api.put(POLICY, summary="Set a policy of licences", responses={"200": LicencePolicyAnswer})
def set_policy(path: OrganisationPath, body: LicencePolicyBody) -> Any:
    """For owners of the organisation. Jobs open and close the alerts."""
    with requests.begin() as work:
        return frame.answer(_policy(licence_policies.set_policy(work, path.org, body.wanted)))


@api.delete(POLICY, summary="Remove a policy of licences", responses={"204": None})
def remove_policy(path: OrganisationPath) -> Any:
    """Say nothing of licences any more: their alerts are closed."""
    with requests.begin() as work:
        licence_policies.set_policy(work, path.org, None)
    return "", HTTPStatus.NO_CONTENT


@api.post(f"{POLICY}/trial", summary="Try a policy of licences", responses={"200": LicenceTrial})
def try_policy(path: OrganisationPath, body: LicencePolicyBody) -> Any:
    """What it would come to. Nothing is kept."""
    with requests.reading() as work:
        found = licence_policies.trial(work, path.org, body.wanted, now=requests.now())
    return frame.answer(
        LicenceTrial(
            before={each: found.before.get(each, 0) for each in LicenceDecision},
            after={each: found.after.get(each, 0) for each in LicenceDecision},
            changed=[
                LicenceChange(
                    purl=after.purl,
                    licence=after.licence,
                    before=before.decision,
                    after=after.decision,
                )
                for before, after in found.changed
            ],
        )
    )


def _report(found: LicenceReport, named: int) -> LicenceReportAnswer:
    return LicenceReportAnswer(
        has_policy=found.policy is not None,
        packages=found.packages,
        manifests=found.manifests,
        unread=found.unread,
        licences=[_use(each, named) for each in found.uses],
    )


def _use(use: LicenceUse, named: int) -> LicenceUseAnswer:
    return LicenceUseAnswer(
        licence=use.licence,
        decision=use.decision,
        because=list(use.because),
        duties=None if use.duties is None else list(use.duties),
        count=len(use.packages),
        packages=[_package(each) for each in use.packages[:named]],
    )


def _package(each: Judged) -> LicencePackage:
    return LicencePackage(
        purl=each.purl,
        name=each.name,
        version=each.version,
        ecosystem=each.ecosystem,
        written=each.written,
        reason=each.reason,
    )


def _policy(found: LicencePolicy | None) -> LicencePolicyAnswer:
    said = found or LicencePolicy()
    return LicencePolicyAnswer(
        set=found is not None,
        allowed=list(said.allowed),
        denied=list(said.denied),
        decided=[PackageDecisionAnswer.model_validate(each) for each in said.decided],
        alerts_for_review=said.alerts_for_review,
    )
