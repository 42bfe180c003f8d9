"""What a valid user, organisation, team and repository name is."""

from __future__ import annotations

import re

from appliance.errors import InvalidError, sentence

OWNER_PATTERN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9]|-(?=[A-Za-z0-9])){0,38}\Z")
REPOSITORY_PATTERN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}\Z")
LONGEST_DISPLAY_NAME = 100
LONGEST_DESCRIPTION = 500
EMAIL_PATTERN = re.compile(r"[^@\s\x00-\x1f<>]{1,64}@[^@\s\x00-\x1f<>]{1,190}\Z")
KELVIN = "\u212a"
"""The one sign beyond ASCII whose small letter is an ASCII letter: it must not pass for a k."""

# First path segments the web door uses itself, and words that would mislead.
RESERVED_OWNERS = frozenset(  # A list in words reads better than a list in quotes.
    """
    about account accounts admin administration all anonymous api appliance archive assets audit
    auth billing ci codara confirm dashboard docs download events explore favicon files git
    healthz help home hooks inbox info internal invite issues jobs keys language lfs license
    login logout me metrics models new none notifications null org organisation organisations
    organization organizations orgs owner people policy privacy public pulls raw readyz repo
    reports repos repositories repository reset robots root saml scim search security self
    session sessions settings sign-in sign-out ssh sso stars static status support system team
    teams terms theme token tokens undefined upload user users webhooks well-known wiki www
    """.split()  # noqa: SIM905 - ninety quotes would hide the words.
)
WIKI_ENDING = ".wiki"
"""How git names the wiki of a repository: `OWNER/NAME.wiki`."""
RESERVED_REPOSITORY_ENDINGS = (".git", ".lock", ".atom", WIKI_ENDING)


def check_owner(name: str) -> str:
    """The name, if a user or an organisation may have it.

    Errors:
        InvalidError: it may not, and why.
    """
    if not OWNER_PATTERN.match(name):
        raise InvalidError.of(
            "name",
            "A name has 1 to 39 letters, digits and single hyphens, and no hyphen at its ends.",
        )
    if name.lower() in RESERVED_OWNERS:
        raise InvalidError.of(
            "name",
            sentence("The name %(name)s is reserved. Choose another.", name=name),
        )
    return name


def check_team(name: str) -> str:
    """The name, if a team may have it.

    Errors:
        InvalidError: it may not.
    """
    if not OWNER_PATTERN.match(name):
        raise InvalidError.of(
            "name", "A team's name has 1 to 39 letters, digits and single hyphens."
        )
    return name


def check_repository(name: str) -> str:
    """The name, if a repository may have it.

    Errors:
        InvalidError: it may not, and why.
    """
    if not REPOSITORY_PATTERN.match(name) or ".." in name:
        raise InvalidError.of(
            "name",
            "A repository's name has 1 to 100 letters, digits, dots, hyphens and underscores, "
            "and does not begin with a dot or a hyphen.",
        )
    if name.lower().endswith(RESERVED_REPOSITORY_ENDINGS):
        raise InvalidError.of(
            "name", sentence("A repository's name does not end in “%(end)s”.", end=name[-5:])
        )
    return name


def check_email(address: str) -> str:
    """The address, if mail could be sent to it.

    Errors:
        InvalidError: it is not an address.
    """
    if not EMAIL_PATTERN.match(address):
        raise InvalidError.of("email", "That is not an e-mail address.")
    return address


def check_display_name(text: str) -> str:
    """The name people see, on one line and without control characters; it may be empty.

    Errors:
        InvalidError: it is too long, or not printable.
    """
    cleaned = " ".join(text.split())
    if len(cleaned) > LONGEST_DISPLAY_NAME or not cleaned.isprintable():
        raise InvalidError.of(
            "display_name",
            sentence(
                "A display name has at most %(longest_display_name)s printable characters.",
                longest_display_name=LONGEST_DISPLAY_NAME,
            ),
        )
    return cleaned


def check_description(text: str) -> str:
    """A few words on what something is for, on one line; they may be missing.

    Errors:
        InvalidError: they are too long, or not printable.
    """
    cleaned = " ".join(text.split())
    if len(cleaned) > LONGEST_DESCRIPTION or not cleaned.isprintable():
        raise InvalidError.of(
            "description",
            sentence(
                "A description has at most %(longest_description)s printable characters.",
                longest_description=LONGEST_DESCRIPTION,
            ),
        )
    return cleaned


def check_title(field: str, text: str) -> str:
    """What somebody calls a token or a key of theirs, on one line.

    Errors:
        InvalidError: it is empty, too long, or not printable.
    """
    cleaned = " ".join(text.split())
    if not cleaned or len(cleaned) > LONGEST_DISPLAY_NAME or not cleaned.isprintable():
        raise InvalidError.of(
            field,
            sentence(
                "Give it a name of 1 to %(longest_display_name)s printable characters.",
                longest_display_name=LONGEST_DISPLAY_NAME,
            ),
        )
    return cleaned


def fold(name: str) -> str:
    """How a name is compared: two names that differ only in case are the same name."""
    return KELVIN.join(part.lower() for part in name.split(KELVIN))


def home_of_wiki(path: str) -> str | None:
    """The path of the repository whose wiki git names so; None where it names no wiki."""
    bare = path.strip("/").removesuffix(".git")
    return bare[: -len(WIKI_ENDING)] if fold(bare).endswith(WIKI_ENDING) else None


def split_path(path: str) -> tuple[str, str]:
    """Owner and name of `OWNER/NAME`, with or without `.git` at its end.

    Errors:
        InvalidError: it is not of that form.
    """
    owner, separator, name = path.strip("/").partition("/")
    if not separator or not owner or not name or "/" in name:
        raise InvalidError.of("repository", "A repository is named OWNER/NAME.")
    return owner, name.removesuffix(".git")
