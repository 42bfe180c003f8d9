"""What is said of checks, for people."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from appliance.domain.checks import AnnotationLevel, Conclusion, RunState, StatusState
from appliance.domain.merge_facts import CheckOutcome

OUTCOMES = {
    CheckOutcome.PASSED: _("Passed"),
    CheckOutcome.PENDING: _("Pending"),
    CheckOutcome.FAILED: _("Failed"),
}
STATUSES = {
    StatusState.ERROR: _("Error"),
    StatusState.FAILURE: _("Failed"),
    StatusState.PENDING: _("Pending"),
    StatusState.SUCCESS: _("Passed"),
}
RUNS = {
    RunState.QUEUED: _("Queued"),
    RunState.IN_PROGRESS: _("Running"),
    RunState.COMPLETED: _("Completed"),
}
CONCLUSIONS = {
    Conclusion.SUCCESS: _("Passed"),
    Conclusion.FAILURE: _("Failed"),
    Conclusion.NEUTRAL: _("Neutral"),
    Conclusion.CANCELLED: _("Cancelled"),
    Conclusion.SKIPPED: _("Skipped"),
    Conclusion.TIMED_OUT: _("Timed out"),
    Conclusion.ACTION_REQUIRED: _("Action required"),
    Conclusion.STALE: _("Stale"),
}
LEVELS = {
    AnnotationLevel.NOTICE: _("Notice"),
    AnnotationLevel.WARNING: _("Warning"),
    AnnotationLevel.FAILURE: _("Failure"),
}
TABLES = {
    "outcomes": OUTCOMES,
    "statuses": STATUSES,
    "runs": RUNS,
    "conclusions": CONCLUSIONS,
    "levels": LEVELS,
}
