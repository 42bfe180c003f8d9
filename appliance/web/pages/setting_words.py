"""What the choices of a sign-in system's settings are called for people, and what to bear in mind.

The settings' own descriptions explain the words that commands and programs use.
"""

from __future__ import annotations

from flask_babel import lazy_gettext as _

CHOICES = {
    "encryption": {
        "ldaps": _("From the start (LDAPS)"),
        "starttls": _("Switched on first (StartTLS)"),
        "none": _("None, for testing: passwords cross the network unencrypted"),
    },
    "groups_by": {
        "search": _("By the groups' members, step by step"),
        "member_of": _("By the memberOf of people's entries"),
        "chain": _("Active Directory looks through all steps at once"),
    },
    "sync_brings": {
        "known": _("People who have signed in here or were linked"),
        "everybody": _("Everybody there; new people become users if that is allowed"),
    },
    "client_authentication": {
        "secret": _("By a secret"),
        "private_key": _("By a key of its own (private_key_jwt)"),
    },
    "refusal_ends": {
        "sessions": _("Their sessions"),
        "access": _("All access including tokens and keys, until they sign in again"),
    },
    "name_id": {
        "persistent": _("A persistent identifier (persistent)"),
        "email": _("The e-mail address (emailAddress)"),
        "unspecified": _("Whatever it chooses (unspecified)"),
    },
    "signed": {
        "assertion": _("What it says of a person (the assertion)"),
        "answer": _("The answer as a whole"),
        "both": _("Both, the assertion and the answer around it"),
    },
}
HINTS = {
    "name_id": _(
        "An e-mail address needs links by e-mail address, and counts only in their domains. A "
        "transient subject is always refused."
    ),
}
"""Under a choice; where nothing stands here, the choices say it all."""
