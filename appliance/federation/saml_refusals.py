"""Why a SAML message is refused. The words go to the audit log; nobody outside learns them."""

from __future__ import annotations

from enum import StrEnum


class Why(StrEnum):
    """The reasons."""

    ALGORITHM = "algorithm"
    """A signature, digest, transform or cipher that is not on the list."""
    AUDIENCE = "audience"
    COMMENT = "comment"
    """A comment or processing instruction, which no signature covers."""
    CONDITION = "condition"
    """A condition that we do not know."""
    DECRYPTION = "decryption"
    DESTINATION = "destination"
    DTD = "dtd"
    ENCODING = "encoding"
    EXPIRED = "expired"
    IN_RESPONSE_TO = "in_response_to"
    """It answers no question that is open at that provider."""
    ISSUER = "issuer"
    NAME_ID = "name_id"
    NOT_ENCRYPTED = "not_encrypted"
    NOT_SIGNED = "not_signed"
    """Not signed, or not all of it that has to be."""
    OTHER_BROWSER = "other_browser"
    """The question was another browser's."""
    RECIPIENT = "recipient"
    """Whoever brings it is not confirmed: for us, now, and by our question."""
    REPLAYED = "replayed"
    SHAPE = "shape"
    """Elements where none belong, as in signature wrapping."""
    SIGNATURE = "signature"
    SIZE = "size"
    STATUS = "status"
    """The identity provider itself said no."""
    TOO_EARLY = "too_early"
    UNASKED = "unasked"
    XML = "xml"
