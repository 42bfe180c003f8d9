"""Which audit log is meant: `org`, by the name of an organisation, or `log`, as answers call it."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from appliance.domain.audit_terms import INSTANCE
from appliance.web.api import frame

LONGEST = 100
LOG = "As answers call it: `instance`, or the id of an organisation"


class OfLogs(frame.Body):
    """One log, or all that one may read."""

    org: str = Field(
        "", max_length=LONGEST, description="The log of this organisation, by its name or id"
    )
    log: str = Field("", max_length=LONGEST, description=f"{LOG}; all you may read if left out")

    @model_validator(mode="before")
    @classmethod
    def _by_either(cls, sent: Any) -> Any:
        if not isinstance(sent, dict) or not sent.get("org"):
            return sent
        if sent.get("log"):
            raise ValueError("Say org or log, not both.")
        if sent["org"] == INSTANCE:
            raise ValueError("instance is no organisation: say log=instance.")
        return {**sent, "log": sent["org"]}


class OfLog(OfLogs):
    """One log: that of the instance, if none is named."""

    log: str = Field(INSTANCE, max_length=LONGEST, description=LOG)
