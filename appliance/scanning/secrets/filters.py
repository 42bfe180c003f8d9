"""Whether a match is a secret at all: what examples, templates, names and hashes look like.

Each filter answers with the reason why a match is no finding, or with nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from appliance.scanning.secrets import passwords, published, tokens
from appliance.scanning.secrets.reasons import Reason
from appliance.scanning.secrets.rules import Lane, Rule, Shape

LONGEST_NAME = 120
LONGEST_LOOKED_AT = 400
"""Of a longer secret the beginning is looked at: a private key is not made of words."""

PLACEHOLDER = re.compile(
    r"example|sample|placeholder|change[_-]?(?:me|this|it)|dummy|insert|replace|redacted|removed|"
    r"censored|hidden|notreal|not[_-]?a?[_-]?real|invalid|foobar|foobaz|deadbeef|cafebabe|c0ffee|"
    r"feedface|badcafe|my[_-]?(?:secret|token|pass|key|api)|your[_-]?\w|thisis|secret|password|"
    r"passwd|apikey|api[_-]key|access[_-]?key|token|fill[_-]?in|put[_-]?your|goes[_-]?here|undefined|"
    r"lorem|ipsum|testing|mocked|abcdabcd|12341234|hunter2",
    re.IGNORECASE,
)
SHORT_PLACEHOLDER = re.compile(
    "|".join(
        f"{word}|{word.upper()}|{word.capitalize()}"
        for word in ("fake", "test", "todo", "here", "none", "null", "mock", "demo", "temp", "your")
    )
)
"""Four letters in one case come by chance in 1 of 100,000 tokens, in any case far more often."""

TEMPLATE = re.compile(
    r"^[$%@#][A-Za-z_({]|\$\{|\{\{|\}\}|<%|%>|#\{|\$\(|%\(\w+\)s|<[\w. -]+>|^\{[\w.-]*\}$|%[sdv]\b|"
    r"\[[A-Za-z_ .-]+\]|^%\w+%$|__[A-Z_]+__|\bENC\[|\bENC\(|!vault|\bvault:|\*{3}|\.\.\.|…"
)
HASHED_NAME = re.compile(
    r"sha-?(?:1|224|256|384|512)|md5|hash|digest|checksum|integrity|commit|revision|etag|"
    r"fingerprint|thumbprint|blob|nonce|uuid|guid|\bsum\b",
    re.IGNORECASE,
)
LOCK_FILE = re.compile(
    r"(?:^|/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|"
    r"poetry\.lock|uv\.lock|pdm\.lock|Pipfile\.lock|pylock[\w.]*\.toml|Cargo\.lock|go\.sum|"
    r"composer\.lock|Gemfile\.lock|Podfile\.lock|mix\.lock|pubspec\.lock|packages\.lock\.json|"
    r"gradle\.lockfile|verification-metadata\.xml|flake\.lock|deno\.lock|requirements[\w.-]*\.txt)$"
)
PUBLIC_NAME = re.compile(
    r"public|publishable|\bpub_?key|[._-]pub\b|site_?key|certificate|x509|modulus", re.IGNORECASE
)
PUBLIC_VALUE = re.compile(
    r"^(?:ssh-|ecdsa-|AAAA[BCE]3Nza|AAAAC3Nz|AAAAE2Vj)|BEGIN (?:CERT|PUBLIC|SSH2)"
)
NAME = re.compile(r"[\w.$-]+")
SECRET_NAME = re.compile(
    r"pass|pwd|secret|token|key|auth|cred|senha|contras|kennwort|\bpw\b", re.IGNORECASE
)
PREFIX = re.compile(r"[a-z]{2,12}[-_](?:live|test|prod|sandbox|sbox)[-_]")


@dataclass(frozen=True)
class Surroundings:
    """A match where it stands: the line before it and behind it, and in which file."""

    path: str
    before: str
    after: str
    whole: str
    """All that the rule matched, of which the secret is a part."""


def refuse(rule: Rule, secret: str, around: Surroundings) -> Reason | None:
    """Why this is no secret of that kind, if it is none."""
    if published.is_known(secret):
        return Reason.PUBLISHED_EXAMPLE
    return REFUSALS[rule.shape](rule, secret, around)


def _refuse_jwt(_rule: Rule, secret: str, _around: Surroundings) -> Reason | None:
    return passwords.refuse_jwt(secret)


def _refuse_basic(_rule: Rule, secret: str, _around: Surroundings) -> Reason | None:
    return passwords.refuse_basic(secret)


def _refuse_uri(_rule: Rule, secret: str, around: Surroundings) -> Reason | None:
    return passwords.refuse_uri(secret, around.whole) or _template(secret)


def _refuse_armour(rule: Rule, secret: str, _around: Surroundings) -> Reason | None:
    body = "".join(re.findall(r"[A-Za-z0-9+/=]{16,}", secret))[:LONGEST_LOOKED_AT]
    if tokens.is_repeated(body[40:]) or tokens.is_counted(body):
        return Reason.REPETITION
    least = rule.entropy if rule.entropy is not None else 4.0
    return Reason.ENTROPY if tokens.entropy(body) < least else None


def _refuse_token(rule: Rule, secret: str, around: Surroundings) -> Reason | None:
    body = _body(rule, secret[:LONGEST_LOOKED_AT])
    reason = _made_up(body) or _too_regular(rule, body)
    if reason is None and tokens.is_words(body):
        return Reason.WORDS
    if reason is not None or not rule.named:
        return reason
    return _misnamed(around.before[-LONGEST_NAME:], around.path) or _refuse_name(rule, body)


def _refuse_name(rule: Rule, body: str) -> Reason | None:
    """What a name tells of is drawn by chance, or it is a name itself."""
    if rule.lane is Lane.REVIEW:
        if tokens.UUID.fullmatch(body):
            return Reason.UUID
        return None if tokens.is_drawn(body) else Reason.IDENTIFIER
    is_name = tokens.NAME.fullmatch(body) and not any(map(str.isdigit, body))
    return Reason.IDENTIFIER if is_name and tokens.wordiness(body) > tokens.LIKE_WORDS else None


def _refuse_password(_rule: Rule, secret: str, around: Surroundings) -> Reason | None:
    before = around.whole[: around.whole.find(secret)]
    name = _name(before)
    reason = _template(secret) or _misnamed(name, around.path)
    if reason is not None or PUBLIC_VALUE.search(secret):
        return reason or Reason.PUBLIC_KEY
    plain = secret.lower().translate(passwords.LEET)
    if any(map(PLACEHOLDER.search, (secret, plain))) or SHORT_PLACEHOLDER.search(secret):
        return Reason.PLACEHOLDER
    reason = passwords.refuse_value(secret, name, around.after)
    return reason or passwords.refuse_listed(secret, before)


REFUSALS: dict[Shape, Callable[[Rule, str, Surroundings], Reason | None]] = {
    Shape.TOKEN: _refuse_token,
    Shape.ARMOUR: _refuse_armour,
    Shape.URI: _refuse_uri,
    Shape.PASSWORD: _refuse_password,
    Shape.JWT: _refuse_jwt,
    Shape.BASIC: _refuse_basic,
}


def _misnamed(name: str, path: str) -> Reason | None:
    """Whether the name or the file says that the value is public, or a hash."""
    if PUBLIC_NAME.search(name):
        return Reason.PUBLIC_KEY
    return Reason.HASH if HASHED_NAME.search(name) or LOCK_FILE.search(path) else None


def _made_up(body: str) -> Reason | None:
    if PLACEHOLDER.search(body) or SHORT_PLACEHOLDER.search(body):
        return Reason.PLACEHOLDER
    if tokens.is_counted(body):
        return Reason.SEQUENCE
    if tokens.is_repeated(body):
        return Reason.REPETITION
    return _template(body)


def _template(text: str) -> Reason | None:
    return Reason.TEMPLATE if TEMPLATE.search(text) else None


def _too_regular(rule: Rule, body: str) -> Reason | None:
    least = rule.entropy if rule.entropy is not None else tokens.least_entropy(body)
    return Reason.ENTROPY if tokens.entropy(body) < least else None


def _body(rule: Rule, secret: str) -> str:
    """The secret without what all of its kind begin with."""
    low = secret.lower()
    begins = [len(word) for word in rule.keywords if low.startswith(word)]
    usual = PREFIX.match(secret)
    return secret[max([*begins, usual.end() if usual else 0]) :]


def _name(before: str) -> str:
    """What the value is called, of all the names in front of it; nothing where the rule knows."""
    names = [name for name in NAME.findall(before) if SECRET_NAME.search(name)]
    return names[-1] if names else ""
