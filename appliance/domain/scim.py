"""Provisioning by SCIM 2.0: limits of what a client may send, and the errors that it is told.

Sources: RFC 7643 (schemas) and RFC 7644 (protocol).
"""

from __future__ import annotations

from enum import StrEnum

from appliance.errors import InvalidError, UnauthenticatedError

PREFIX = "/scim/v2"
LONGEST_NAME = 255
LARGEST_BODY = 1024 * 1024
"""In bytes; RFC 7644, section 3.7.4 calls it `maxPayloadSize`."""
MOST_OPERATIONS = 100
"""Of one bulk request, and of one PATCH: each is a change of its own."""
LONGEST_FILTER = 2000
MOST_CONDITIONS = 50
"""Of one filter: each may look at every user of the provider."""
USUAL_PAGE = 100
LARGEST_PAGE = 200
MOST_TOKENS = 10
"""Of one provider at a time: rotating needs two."""


class ScimType(StrEnum):
    """What went wrong, in the words of RFC 7644, table 9."""

    FILTER = "invalidFilter"
    MUTABILITY = "mutability"
    PATH = "invalidPath"
    SYNTAX = "invalidSyntax"
    TARGET = "noTarget"
    UNIQUE = "uniqueness"
    VALUE = "invalidValue"


class ScimError(InvalidError):
    """A client of SCIM sent what cannot be done."""

    def __init__(self, message: str, scim_type: str = "", *, status: int = 400) -> None:
        super().__init__(message)
        self.scim_type = scim_type
        self.http_status = status


class PersonRefusedError(UnauthenticatedError):
    """The provider's policy does not let this person become a user, or claim one who exists.

    It is what `identities` refuses, said to a client that has shown who it is.
    """

    code = "person_refused"
    title = "This person cannot be provisioned"

    def __init__(self, refusal: UnauthenticatedError, *, is_taken: bool) -> None:
        super().__init__(refusal.message, event=refusal.event)
        self.http_status = 409 if is_taken else 403
        self.scim_type = ScimType.UNIQUE if is_taken else ""
