"""Which actions the appliance does not record yet, though its published vocabulary has them."""

from __future__ import annotations

from appliance.domain.events import reserved_governance, reserved_people, reserved_work

ROWS = (*reserved_governance.ROWS, *reserved_people.ROWS, *reserved_work.ROWS)
"""Actions of features that are not built yet."""

CLASSES_WITHOUT_A_WRITER = frozenset(
    {
        "audit.auditor_granted",
        "audit.auditor_revoked",
        "audit.event_read",
        "audit.export_downloaded",
        "audit.export_failed",
        "audit.export_requested",
        "audit.exported",
        "audit.found_broken",
        "audit.heartbeat",
        "audit.node_started",
        "audit.proved",
        "audit.reconciled",
        "audit.saved_search_created",
        "audit.saved_search_deleted",
        "audit.searched",
        "audit.trust_exported",
        "audit.verified",
        "log.continued",
        "log.key_rotated",
        "log.pruned",
        "privacy.erased",
    }
)
"""Whoever writes the code that records one takes it out here; a test compares."""
