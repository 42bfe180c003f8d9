"""Handing letters to the mail server: no database behind it, so nothing waits for a network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from appliance.access.gate import open_to_everyone
from appliance.delivery import mail
from appliance.delivery.target import RejectedError
from appliance.domain.notifications import MailState
from appliance.services.mail_queue import Outcome

if TYPE_CHECKING:
    from appliance.delivery.mail import Letter, Post
    from appliance.services.mail_letters import Sender
    from appliance.settings_sections import Mail


@open_to_everyone(because="it opens a way to the mail server, and sends nothing")
@contextmanager
def connected(rules: Mail, sender: Sender) -> Iterator[Post]:
    """The mail server, for the length of the block.

    Errors:
        UnavailableError: it does not answer, or does not take us.
    """
    with mail.connected(rules, rules.from_address or f"codara@{sender.host}") as post:
        yield post


@open_to_everyone(because="whoever made the letter has asked who may read it")
def send(post: Post, letter: Letter | None) -> Outcome:
    """Hand a letter over, if there is one; gives what came of it.

    Errors:
        UnavailableError: the mail server does not take it now.
    """
    if letter is None:
        return Outcome(MailState.DROPPED)
    try:
        post.send(letter)
    except RejectedError as error:
        return Outcome(MailState.GIVEN_UP, str(error))
    return Outcome(MailState.SENT)
