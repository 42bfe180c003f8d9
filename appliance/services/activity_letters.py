"""Letters on suspicious activity to who may decide on it. They name a rule, and no person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_activity, gate
from appliance.access.gate import open_to_everyone
from appliance.db import email_addresses
from appliance.db.activity import ActivityAlert, ActivityLetter
from appliance.db.audit_log import INSTANCE_LOG
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import Owner, User
from appliance.delivery.mail import Letter
from appliance.domain.activity import ActivityRule, ActivityState
from appliance.domain.names import fold
from appliance.domain.notifications import Choices, MailState, MailWhen, next_digest, next_try
from appliance.domain.permissions import Permission
from appliance.errors import Sentence, sentence
from appliance.services import notification_choices
from appliance.services.letter_language import said
from appliance.services.mail_letters import SETTINGS_AT

if TYPE_CHECKING:
    from appliance.services.mail_letters import Sender
    from appliance.services.mail_queue import Outcome

AT_ONCE = 50
RULES: dict[ActivityRule, Sentence] = {
    ActivityRule.NEW_PLACE: sentence("Token used from a new network"),
    ActivityRule.MASS_CLONE: sentence("Mass clone"),
    ActivityRule.MASS_DELETION: sentence("Mass deletion"),
    ActivityRule.ODD_HOURS: sentence("Push at an unusual hour"),
    ActivityRule.FOREIGN_AUTHOR: sentence("Author is not the pusher"),
    ActivityRule.DORMANT: sentence("Dormant account returned"),
}
IN_ONE = sentence("Suspicious activity in %(organisation)s: %(rule)s")
IN_ALL = sentence("Suspicious activity on this appliance: %(rule)s")
SEVERAL = sentence("Suspicious activity: %(number)s alerts")
BECAUSE = sentence("You are receiving this because you may decide on these alerts.")


@dataclass(frozen=True)
class Due:
    """One letter to somebody, about all that is due; None where nothing is left to say."""

    ids: Sequence[UUID]
    letter: Letter | None


@open_to_everyone(because="whoever opened the alert chose who is told, and nobody else is")
def promise(work: UnitOfWork, alert: ActivityAlert, *, now: datetime) -> None:
    """Write to who may decide on an alert, as they chose to be written to."""
    if not work.rules.mail.host:
        return
    people = fetch_activity.deciders(work, alert.log)
    chosen = notification_choices.of(work, people)
    for user_id in people:
        choices = chosen.get(user_id, Choices())
        if choices.own_mail is not MailWhen.NEVER:
            is_digest = choices.own_mail is MailWhen.DIGEST
            due_at = next_digest(choices.digest, now) if is_digest else now
            work.session.add(ActivityLetter(alert_id=alert.id, user_id=user_id, due_at=due_at))


def due(work: UnitOfWork, sender: Sender, *, now: datetime) -> list[Due]:
    """The letters that are to be sent now; whether somebody may read them is asked once more.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    query = (
        sa.select(ActivityLetter, ActivityAlert, User)
        .join(ActivityAlert, ActivityAlert.id == ActivityLetter.alert_id)
        .join(User, User.id == ActivityLetter.user_id)
        .where(ActivityLetter.due_at <= now)
        .order_by(ActivityLetter.due_at, ActivityLetter.id)
        .limit(AT_ONCE)
    )
    ids: dict[UUID, list[UUID]] = {}
    alerts: dict[UUID, list[ActivityAlert]] = {}
    users: dict[UUID, User] = {}
    for row, alert, user in work.session.execute(query):
        users[user.id] = user
        ids.setdefault(user.id, []).append(row.id)
        if alert.state is ActivityState.OPEN and fetch_activity.decides(work, user, alert.log):
            alerts.setdefault(user.id, []).append(alert)
    return [
        Due(ids[each], _letter(work, user, alerts.get(each, []), sender))
        for each, user in users.items()
    ]


def note(work: UnitOfWork, letter: Due, outcome: Outcome, *, now: datetime) -> None:
    """Forget a letter that was sent or never will be; try it again later where it may be.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    query = sa.select(ActivityLetter).where(ActivityLetter.id.in_(letter.ids))
    for row in work.session.scalars(query).all():
        row.attempts += 1
        again = next_try(row.attempts, now) if outcome.state is MailState.WAITING else None
        if again is None:
            work.session.delete(row)
        else:
            row.due_at = again


def _letter(
    work: UnitOfWork, user: User, alerts: Sequence[ActivityAlert], sender: Sender
) -> Letter | None:
    address = email_addresses.primary(work.session, user.id)
    vouched = email_addresses.verified(work.session, [user.id]).get(user.id, frozenset())
    if not alerts or not user.is_active or fold(address) not in vouched:
        return None
    lines = [_line(work, each, user.locale, sender) for each in alerts]
    first, number = lines[0][0], len(lines)
    subject = first if number == 1 else said(SEVERAL, user.locale, number=number)
    settings = said(SETTINGS_AT, user.locale, url=f"{sender.url}/settings/notifications")
    body = [text for line in lines for text in (*line, "")]
    return Letter(
        to=address,
        from_name=sender.name,
        subject=f"[{sender.name}] {subject}",
        text="\n".join([*body, "-- ", said(BECAUSE, user.locale), settings, ""]),
        message_id=f"<activity-{alerts[0].id}-{user.id}@{sender.host}>",
        written_at=alerts[0].created_at,
        headers={"X-Codara-Reason": "suspicious_activity"},
    )


def _line(work: UnitOfWork, alert: ActivityAlert, locale: str, sender: Sender) -> tuple[str, str]:
    rule = said(RULES[alert.rule], locale)
    owner = None if alert.log == INSTANCE_LOG else work.session.get(Owner, UUID(alert.log))
    if owner is None:
        place = "administration/audit"
        return said(IN_ALL, locale, rule=rule), f"{sender.url}/{place}/activity/{alert.id}"
    words = said(IN_ONE, locale, organisation=owner.name, rule=rule)
    return words, f"{sender.url}/{owner.name}/-/audit/activity/{alert.id}"
