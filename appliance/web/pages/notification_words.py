"""What is told of conversations, in words."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from appliance.domain.notifications import DigestEvery, MailWhen, Reason, Tale, WatchLevel
from appliance.services.notifications import Part

PARTS = {Part.UNREAD: _("Unread"), Part.INBOX: _("All"), Part.DONE: _("Done")}
REASONS = {
    Reason.MENTION: _("You were mentioned"),
    Reason.REVIEW_REQUESTED: _("Your review was requested"),
    Reason.ASSIGNED: _("Assigned to you"),
    Reason.TEAM_MENTION: _("Your team was mentioned"),
    Reason.AUTHOR: _("You opened it"),
    Reason.COMMENT: _("You are participating"),
    Reason.SUBSCRIBED: _("You are subscribed"),
    Reason.WATCHING: _("You watch the repository"),
}
PRESSING = frozenset({Reason.MENTION, Reason.REVIEW_REQUESTED, Reason.ASSIGNED})
TALES = {
    Tale.OPENED: _("opened it"),
    Tale.COMMENTED: _("commented"),
    Tale.CLOSED: _("closed it"),
    Tale.REOPENED: _("reopened it"),
    Tale.MENTIONED: _("edited the text"),
    Tale.ASSIGNED: _("assigned it"),
    Tale.REVIEW_REQUESTED: _("requested a review"),
    Tale.REVIEWED: _("reviewed it"),
    Tale.REVIEW_DISMISSED: _("dismissed a review"),
    Tale.PUSHED: _("pushed to it"),
    Tale.MERGED: _("merged it"),
    Tale.QUEUED: _("added it to the merge queue"),
    Tale.DEQUEUED: _("removed it from the merge queue"),
    Tale.MERGE_FAILED: _("could not merge it"),
}
BY_ITSELF = {
    Tale.DEQUEUED: _("The merge queue removed it without merging it"),
    Tale.MERGE_FAILED: _("Auto-merge could not merge it"),
}
"""The same, where nobody did it but the appliance."""
LEVELS = {
    WatchLevel.PARTICIPATING: (
        _("Participating and @mentions"),
        _("You get notifications only when you take part or are mentioned."),
    ),
    WatchLevel.ALL: (_("Everything"), _("You get notifications for every conversation here.")),
    WatchLevel.IGNORED: (
        _("Ignore"),
        _("You get no notifications, not even when you are mentioned."),
    ),
}
MAIL_WHENS = {
    MailWhen.AT_ONCE: _("Immediately"),
    MailWhen.DIGEST: _("In a digest"),
    MailWhen.NEVER: _("Never by e-mail"),
}
DIGESTS = {DigestEvery.DAY: _("Every morning"), DigestEvery.WEEK: _("Monday mornings")}
WORDS = {
    "PARTS": PARTS,
    "REASONS": REASONS,
    "PRESSING": PRESSING,
    "TALES": TALES,
    "BY_ITSELF": BY_ITSELF,
    "LEVELS": LEVELS,
    "MAIL_WHENS": MAIL_WHENS,
    "DIGESTS": DIGESTS,
}
