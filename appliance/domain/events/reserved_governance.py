"""Reserved actions of scanning, keeping, holding, erasing, training and running the appliance."""

from __future__ import annotations

from appliance.domain.events.base import Outcome
from appliance.domain.events.words import Reserved

FAILED, REFUSED = Outcome.FAILED, Outcome.REFUSED
RULE, MATTER, REQUEST = "retention_rule", "matter", "privacy_request"

ROWS = (
    Reserved("retention.rule_created", RULE, "A rule says how long something is kept.", "name"),
    Reserved(
        *("retention.rule_changed", RULE, "A rule says something else."),
        "name changed:dict[str,Any]",
    ),
    Reserved("retention.rule_deleted", RULE, "A rule was deleted.", "name"),
    Reserved("retention.rule_locked", RULE, "A rule can only become longer.", "name until"),
    Reserved(
        *("retention.disposition_approved", "disposition", "What a rule found may be removed."),
        "items:int",
    ),
    Reserved(
        *("retention.items_disposed", "disposition", "Things were removed, as a rule says."),
        "items:int size_bytes:int manifest_sha256 certificate_sha256",
    ),
    Reserved(
        *("retention.bypassed", RULE, "Two people removed something before its time."),
        "items:int approved_by *reason",
    ),
    Reserved("hold.placed", MATTER, "Things are kept from deletion.", "name scope items:int"),
    Reserved("hold.changed", MATTER, "A hold covers other things.", "name changed:dict[str,Any]"),
    Reserved("hold.release_requested", MATTER, "Somebody wants to end a hold.", "name *reason"),
    Reserved("hold.released", MATTER, "A hold ended.", "name approved_by *reason"),
    Reserved(
        *("hold.deletion_refused", MATTER, "Something under hold was not deleted."),
        *("thing_type thing_id by", REFUSED),
    ),
    Reserved(
        *("hold.exported", MATTER, "What is under hold was taken out, sealed."),
        "items:int size_bytes:int sha256",
    ),
    Reserved(
        *("privacy.request_opened", REQUEST, "A person asked about what is kept of them."),
        "type due *?words",
    ),
    Reserved("privacy.request_closed", REQUEST, "A person's request was answered.", "result"),
    Reserved("privacy.exported", "user", "What is kept of a person was taken out.", "sha256"),
    Reserved(
        *("privacy.erasure_refused", "user", "Something must be kept although it is personal."),
        *("reason until", REFUSED),
    ),
    Reserved(
        "dataset.created", "dataset", "Content was gathered for training.", "name sources:int"
    ),
    Reserved(
        *("dataset.prepared", "dataset", "A dataset was filtered and sealed."),
        "documents:int dropped:int manifest_sha256",
    ),
    Reserved("dataset.approved", "dataset", "A dataset may be trained on.", "manifest_sha256"),
    Reserved("dataset.deleted", "dataset", "A dataset was deleted.", "manifest_sha256"),
    Reserved(
        *("model.training_started", "model", "A model is being trained."),
        "dataset_id recipe_sha256",
    ),
    Reserved(
        *("model.registered", "model", "A trained model was stored, with its lineage."),
        "name version sha256 dataset_id",
    ),
    Reserved("model.published", "model", "A model answers people.", "name version scope"),
    Reserved("model.withdrawn", "model", "A model answers nobody any more.", "name version"),
    Reserved("model.downloaded", "model", "A model's weights were taken out.", "version sha256"),
    Reserved("model.used", "model", "A model answered.", "version purpose questions:int"),
    Reserved("config.stopped", "instance", "The appliance was stopped.", "version why"),
    Reserved("config.upgraded", "instance", "Another release runs.", "before after"),
    Reserved(
        *("config.drifted", "instance", "Settings are not those that were approved."),
        *("baseline_sha256 changed:list[str]", FAILED),
    ),
    Reserved(
        *("config.baseline_approved", "instance", "Settings were approved."),
        "baseline_sha256 approved_by",
    ),
    Reserved("admin.secret_rotated", "instance", "A secret was replaced.", "secret"),
    Reserved("admin.secret_exported", "instance", "A secret was shown.", "secret *reason"),
    Reserved(
        *("admin.report_made", "report", "A report was made."),
        "type period_from period_until sha256",
    ),
    Reserved("admin.report_downloaded", "report", "A report was taken away.", "type sha256"),
    Reserved(
        *("admin.control_assessed", "control", "A control was tested."),
        "framework control state evidence_sha256",
    ),
    Reserved(
        *("admin.maintenance_started", "instance", "Nothing can be changed for a while."),
        "*?reason",
    ),
    Reserved("admin.maintenance_ended", "instance", "Things can be changed again."),
    Reserved(
        *("admin.support_file_made", "instance", "Facts for support were gathered."),
        "sha256 size_bytes:int",
    ),
    Reserved(
        *("backup.made", "backup", "Everything was copied."),
        "type size_bytes:int sha256 seconds:int",
    ),
    Reserved("backup.failed", "backup", "A copy was not finished.", *("type reason", FAILED)),
    Reserved("backup.verified", "backup", "A copy was read back whole.", "sha256"),
    Reserved("backup.restored", "backup", "Things came back from a copy.", "scope sha256 as_of"),
    Reserved("backup.rehearsed", "backup", "Coming back was tried out.", "sha256 seconds:int"),
    Reserved("backup.deleted", "backup", "A copy was deleted.", "sha256 why"),
)
