"""The words for alerts."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from appliance.domain.alerts import (
    AlertKind,
    AlertState,
    Confidence,
    DismissalReason,
    Resolution,
    Severity,
    Step,
)

KINDS = {
    AlertKind.SECRET: _("Secret"),
    AlertKind.DEPENDENCY: _("Dependency"),
    AlertKind.CODE: _("Code"),
    AlertKind.LICENCE: _("Licence"),
}
SEVERITIES = {
    Severity.CRITICAL: _("Critical"),
    Severity.HIGH: _("High"),
    Severity.MEDIUM: _("Medium"),
    Severity.LOW: _("Low"),
    Severity.UNKNOWN: _("Unknown"),
}
TONES = {
    Severity.CRITICAL: "bad",
    Severity.HIGH: "bad",
    Severity.MEDIUM: "warn",
    Severity.LOW: "",
    Severity.UNKNOWN: "hold",
}
CONFIDENCES = {
    Confidence.HIGH: _("High confidence"),
    Confidence.MEDIUM: _("Medium confidence"),
    Confidence.LOW: _("Low confidence"),
}
STATES = {
    AlertState.OPEN: _("Open"),
    AlertState.DISMISSED: _("Dismissed"),
    AlertState.FIXED: _("Fixed"),
}
STATE_TONES = {
    AlertState.OPEN: "warn",
    AlertState.DISMISSED: "hold",
    AlertState.FIXED: "good",
}
REASONS = {
    DismissalReason.FALSE_POSITIVE: _("False positive"),
    DismissalReason.USED_IN_TESTS: _("Used in tests"),
    DismissalReason.WONT_FIX: _("Won't fix"),
    DismissalReason.TOLERABLE_RISK: _("Tolerable risk"),
}
RESOLUTIONS = {
    Resolution.GONE: _("no longer there"),
    Resolution.REVOKED: _("revoked"),
    Resolution.WITHDRAWN: _("advisory withdrawn"),
}
STEPS = {
    Step.SEEN_AGAIN: _("seen again, and open again"),
    Step.GONE: _("no longer seen: fixed"),
    Step.DISMISSED: _("dismissed it"),
    Step.AUTO_DISMISSED: _("dismissed by a rule"),
    Step.DISMISSAL_REQUESTED: _("asked for its dismissal"),
    Step.DISMISSAL_APPROVED: _("approved its dismissal"),
    Step.DISMISSAL_REFUSED: _("refused its dismissal"),
    Step.EXPIRED: _("its dismissal ended"),
    Step.REOPENED: _("reopened it"),
    Step.REVOKED: _("attested its revocation"),
    Step.WITHDRAWN: _("the advisory was withdrawn"),
    Step.EXPLOITED: _("attackers are known to use it"),
    Step.ASSIGNED: _("changed who deals with it"),
    Step.COMMENTED: _("commented"),
}
