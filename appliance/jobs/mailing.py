"""Writes to people what happened in conversations: letters that are due go to the mail server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from appliance.domain.identity import appliance
from appliance.domain.ids import new_id
from appliance.domain.notifications import MailState
from appliance.errors import ApplianceError, UnavailableError
from appliance.repeating import repeating
from appliance.services import (
    activity_letters,
    mail_letters,
    mail_queue,
    mail_sending,
    own_addresses,
)
from appliance.services.mail_letters import Sender
from appliance.services.mail_queue import Outcome

if TYPE_CHECKING:
    from uuid import UUID

    from appliance.delivery.mail import Letter, Post
    from appliance.services.activity_letters import Due
    from appliance.services.mail_queue import Held
    from appliance.wiring import Wiring

log = structlog.get_logger()
EVERY_SECONDS = 2.0
WAIT = timedelta(minutes=5)


class Mailing:
    """Sends what is due. Its state: who it is to others that do the same, and what waits."""

    def __init__(self, objects: Wiring) -> None:
        self._database = objects.database
        self._repositories = objects.repositories
        self._rules = objects.settings.mail
        self._sender = Sender(objects.settings.server.url.rstrip("/"), objects.settings.server.name)
        self._key = objects.sign_in.fingerprint_key
        self._later: dict[UUID, datetime] = {}
        """Letters about addresses that the mail server did not take, until they are tried again."""
        self._me = str(new_id())

    def look(self) -> None:
        """Send all that is due, if there is a mail server that takes it."""
        try:
            while any(
                step(datetime.now(UTC)) for step in (self.ask_whose, self.warn, self.work_off)
            ):
                pass
        except ApplianceError as error:
            log.warning("mail.waits", code=error.code, message=str(error))

    def work_off(self, now: datetime) -> int:
        """Send some of what is due; gives how many letters were looked at.

        Errors:
            UnavailableError: the database does not answer.
        """
        with self._database.reading(appliance()) as work:
            if not mail_queue.is_due(work, now=now):
                return 0
        with self._database.begin(appliance()) as work:
            held = mail_queue.take(work, self._me, now=now)
        sent: list[Held] = []
        try:
            with mail_sending.connected(self._rules, self._sender) as post:
                for each in held:
                    with self._database.reading(appliance()) as work:
                        letter = mail_letters.compose(
                            work, each, self._sender, repositories=self._repositories, now=now
                        )
                    self._note(each, mail_sending.send(post, letter), now)
                    sent.append(each)
        except UnavailableError as error:
            log.warning("mail.waits", message=str(error))
            for each in held[len(sent) :]:
                self._note(each, Outcome(MailState.WAITING, str(error)), now)
        return len(held)

    def ask_whose(self, now: datetime) -> int:
        """Send letters that ask whether an address is somebody's; gives how many were handed over.
        What the mail server does not take now waits for a while, and holds up nothing else.

        Errors:
            UnavailableError: the database does not answer.
        """
        with self._database.reading(appliance()) as work:
            found = own_addresses.due(work, self._sender, key=self._key, now=now)
        self._later = {each: until for each, until in self._later.items() if until > now}
        letters = [each for each in found if each[0] not in self._later]
        if not letters:
            return 0
        try:
            with mail_sending.connected(self._rules, self._sender) as post:
                return sum(self._hand_over(post, *each, now) for each in letters)
        except UnavailableError as error:
            log.warning("mail.waits", message=str(error))
            self._later |= dict.fromkeys((each[0] for each in letters), now + WAIT)
            return 0

    def warn(self, now: datetime) -> int:
        """Send letters about suspicious activity; gives how many were looked at.

        Errors:
            UnavailableError: the database does not answer.
        """
        with self._database.reading(appliance()) as work:
            found = activity_letters.due(work, self._sender, now=now)
        if not found:
            return 0
        done = 0
        try:
            with mail_sending.connected(self._rules, self._sender) as post:
                for each in found:
                    self._note_warning(each, mail_sending.send(post, each.letter), now)
                    done += 1
        except UnavailableError as error:
            log.warning("mail.waits", message=str(error))
            for each in found[done:]:
                self._note_warning(each, Outcome(MailState.WAITING, str(error)), now)
        return len(found)

    def _note_warning(self, letter: Due, outcome: Outcome, now: datetime) -> None:
        with self._database.begin(appliance()) as work:
            activity_letters.note(work, letter, outcome, now=now)

    def _hand_over(self, post: Post, proof_id: UUID, letter: Letter, now: datetime) -> bool:
        """Send one of them, if the mail server takes it now."""
        try:
            outcome = mail_sending.send(post, letter)
        except UnavailableError as error:
            log.warning("mail.waits", message=str(error))
            self._later[proof_id] = now + WAIT
            return False
        with self._database.begin(appliance()) as work:
            own_addresses.note_sent(work, proof_id, outcome.error, now=now)
        return True

    def _note(self, held: Held, outcome: Outcome, now: datetime) -> None:
        with self._database.begin(appliance()) as work:
            mail_queue.note(work, self._me, held, outcome, now=now)


@contextmanager
def mailing(objects: Wiring) -> Iterator[None]:
    """Send letters for the length of the block, where there is a mail server."""
    if not objects.settings.mail.host:
        yield
        return
    with repeating(Mailing(objects).look, name="mailing", every_seconds=EVERY_SECONDS):
        yield
