"""Why a match is no finding, or less of one: every reason has a code that one can look up."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why a match was turned down."""

    INSIDE_WORD = "inside-word"
    CHECKSUM = "checksum"
    ENTROPY = "entropy"
    PLACEHOLDER = "placeholder"
    SEQUENCE = "sequence"
    REPETITION = "repetition"
    TEMPLATE = "template"
    UUID = "uuid"
    HASH = "hash"
    PUBLIC_KEY = "public-key"
    IDENTIFIER = "identifier"
    WORDS = "words"
    PATH_OR_ADDRESS = "path-or-address"
    CODE = "code"
    EXAMPLE_HOST = "example-host"
    NO_PARTNER = "no-partner"
    STRUCTURE = "structure"
    PUBLISHED_EXAMPLE = "published-example"
    COVERED = "covered"


class Note(StrEnum):
    """What made a finding surer or less sure."""

    CHECKSUM_FITS = "checksum-fits"
    CHECKSUM_DIFFERS = "checksum-differs"
    PARTNER = "partner"
    TEST_PATH = "test-path"
    DOCUMENT = "document"
    COMMENT = "comment"
    LOCAL_HOST = "local-host"
    DECODED = "decoded"
    WEAK = "weak"


SENTENCES: dict[Reason | Note, str] = {
    Reason.INSIDE_WORD: "It is a part of a longer word, so it only looks like this kind of secret.",
    Reason.CHECKSUM: "The checksum in it does not fit, so no provider ever gave it out.",
    Reason.ENTROPY: "It is too regular for something that was drawn by chance.",
    Reason.PLACEHOLDER: "It says itself that it is an example or waits to be replaced.",
    Reason.SEQUENCE: "It counts up or down or follows the keyboard.",
    Reason.REPETITION: "It repeats one piece.",
    Reason.TEMPLATE: "It is a variable that is filled in elsewhere.",
    Reason.UUID: "It is a UUID, which names things and opens none.",
    Reason.HASH: "It is a hash of a package or a file.",
    Reason.PUBLIC_KEY: "It is a public key or certificate.",
    Reason.IDENTIFIER: "It is a name from the code, not a value.",
    Reason.WORDS: "It is made of words.",
    Reason.PATH_OR_ADDRESS: "It is a path or an address.",
    Reason.CODE: "It is an expression of the code, not a value.",
    Reason.EXAMPLE_HOST: "It is for a host that exists in examples only.",
    Reason.NO_PARTNER: "It is a secret only beside the other half, which is not near.",
    Reason.STRUCTURE: "It does not have the inner structure of such a secret.",
    Reason.PUBLISHED_EXAMPLE: "Its provider's documentation shows exactly this one.",
    Reason.COVERED: "A more exact rule found the same.",
    Note.CHECKSUM_FITS: "The checksum in it fits.",
    Note.CHECKSUM_DIFFERS: "The checksum in it does not fit, so it blocks nothing.",
    Note.PARTNER: "Both halves of the pair are there.",
    Note.TEST_PATH: "It stands in a test, an example or a fixture.",
    Note.DOCUMENT: "It stands in a document.",
    Note.COMMENT: "It stands in a comment.",
    Note.LOCAL_HOST: "It is for a host that only this machine or network knows.",
    Note.DECODED: "It was found only after decoding.",
    Note.WEAK: "It may be a word.",
}
