"""What is told of conversations, in words."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from appliance.domain.notifications import DigestEvery, MailWhen, Reason, Tale, WatchLevel
from appliance.services.notifications import Part

PARTS = {Part.UNREAD: _("Unread"), Part.INBOX: _("All"), Part.DONE: _("Done")}
REASONS = {
    Reason.MENTION: _("You were mentioned"),
    Reason.REVIEW_REQUESTED: _("Your review is wanted"),
    Reason.ASSIGNED: _("Assigned to you"),
    Reason.TEAM_MENTION: _("Your team was mentioned"),
    Reason.AUTHOR: _("You opened it"),
    Reason.COMMENT: _("You take part"),
    Reason.SUBSCRIBED: _("You follow it"),
    Reason.WATCHING: _("You watch the repository"),
}
PRESSING = frozenset({Reason.MENTION, Reason.REVIEW_REQUESTED, Reason.ASSIGNED})
TALES = {
    Tale.OPENED: _("opened it"),
    Tale.COMMENTED: _("commented"),
    Tale.CLOSED: _("closed it"),
    Tale.REOPENED: _("opened it again"),
    Tale.MENTIONED: _("changed the text"),
    Tale.ASSIGNED: _("assigned it"),
    Tale.REVIEW_REQUESTED: _("asked for a review"),
    Tale.REVIEWED: _("reviewed it"),
    Tale.REVIEW_DISMISSED: _("dismissed a review"),
    Tale.PUSHED: _("pushed to it"),
    Tale.MERGED: _("merged it"),
    Tale.QUEUED: _("put it into the merge queue"),
    Tale.DEQUEUED: _("took it out of the merge queue"),
    Tale.MERGE_FAILED: _("could not merge it"),
}
LEVELS = {
    WatchLevel.PARTICIPATING: (
        _("Only what is yours"),
        _("You are told of conversations that you take part in, or are mentioned in."),
    ),
    WatchLevel.ALL: (_("Everything"), _("You are told of every conversation here.")),
    WatchLevel.IGNORED: (_("Nothing"), _("You are told nothing, not even if you are mentioned.")),
}
MAIL_WHENS = {
    MailWhen.AT_ONCE: _("At once"),
    MailWhen.DIGEST: _("Several in one letter"),
    MailWhen.NEVER: _("Not at all"),
}
DIGESTS = {DigestEvery.DAY: _("Every morning"), DigestEvery.WEEK: _("Monday mornings")}
WORDS = {
    "PARTS": PARTS,
    "REASONS": REASONS,
    "PRESSING": PRESSING,
    "TALES": TALES,
    "LEVELS": LEVELS,
    "MAIL_WHENS": MAIL_WHENS,
    "DIGESTS": DIGESTS,
}
