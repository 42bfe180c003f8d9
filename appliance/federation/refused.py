"""A message of an identity provider that is not believed."""

from __future__ import annotations

from appliance.errors import UnauthenticatedError, sentence

# One sentence for every reason, because whoever reads it may have forged the message.
SAID = sentence(
    "What the identity provider sent cannot be used. Begin again; if that does not help, tell an "
    "administrator."
)


class AnswerRefusedError(UnauthenticatedError):
    """It is refused. `reason` is one word for the log; the message says nothing of it."""

    def __init__(self, reason: str) -> None:
        super().__init__(SAID)
        self.reason = reason


def refused(reason: str) -> AnswerRefusedError:
    """The error of that reason."""
    return AnswerRefusedError(reason)
