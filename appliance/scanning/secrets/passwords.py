"""Whether what is assigned to a password, key or token is a value that was meant to be secret."""

from __future__ import annotations

import base64
import binascii
import json
import re

from appliance.scanning.secrets import tokens
from appliance.scanning.secrets.reasons import Reason

SHORTEST = 6
FEWEST_CHARACTERS = 3
"""`xxxx` and `aaab` stand for something else."""

EXAMPLE_HOST = re.compile(
    r"(?:^|\.)example(?:\.|$)|\.(?:test|invalid|example)(?:$|[:/])|^(?:your|my|some)[\w-]*|"
    r"^(?:host|hostname|server|domain|address|ip|url|foo|bar|baz|hub|proxy|user)\d?(?:\.\w+)?(?:$|[:/,])|^[<{$%\[(]|^\*|^$",
    re.IGNORECASE,
)
LOCAL_HOST = re.compile(
    r"^(?:localhost|127\.|0\.0\.0\.0|\[?::1|10\.|192\.168\.|host\.docker|[a-z_-]+(?:$|[:/]))",
    re.IGNORECASE,
)
WEAK_WORDS = """
tiger passw1rd
password passwd passwort pass pwd pw secret user username usr admin administrator root test tests
testing tester guest demo example changeme default foo bar baz qux foobar abc xyz abcd postgres
postgresql mysql redis mongo mongodb rabbitmq amqp sa dba oracle mariadb letmein welcome login
qwerty token key xxx xxxx xxxxx hello world string value none null true false john jane alice bob
mypass mypassword mypwd userpass userpassword yourpassword your_password dbpass dbpassword
db_password p pa pas passw s3cr3t hunter2 docker dev development local prod production staging
public private basic bearer anonymous pip git http https api apikey wordpress drupal django flask
rails laravel app application web service server client
"""
WEAK = frozenset(WEAK_WORDS.split())
NO_VALUE_NAMES_WORDS = """
name names label labels field fields input url urls uri path paths file files dir folder type
types id ids length len size min max regex regexp pattern placeholder hint message msg text title
error errors prompt column attribute attr param parameter header headers format policy env var
variable expiry expires expiration expire ttl timeout count enabled required algorithm alg class
selector description desc help template provider endpoint host mode method style icon color index
prefix suffix version location bucket store storage ring board code codes press up down event
handler callback validator status state scope scopes rounds strength confirm confirmation again
repeat reset forgot change changed ref refs arn sid uid list array map set manager service server
"""
NO_VALUE_NAMES = frozenset(NO_VALUE_NAMES_WORDS.split())
"""A name that ends in one of these is about a secret, and is none."""
STRONG_NAME = re.compile(r"pass|pwd|secret|credential|\bpw\b", re.IGNORECASE)
PATH = re.compile(
    r"^(?:\.{0,2}|~)/|^[A-Za-z]:\\|://|^www\.|\.(?:pem|key|crt|cer|txt|json|ya?ml|xml|ini|conf|cfg|py|js|ts|"
    r"java|rb|php|html?|css|md|sh|env|log|png|svg|com|org|net|io|local|internal|dev)$|^[\w.-]+/[\w./-]+$|"
    r"^[\w.+-]+@[\w-]+\.\w+$|^(?:arn|urn):|^/",
    re.IGNORECASE,
)
CODE = re.compile(
    r"[()\[\]{};]|->|::|==|=>|&&|\|\||\+\s|\s\+|^\w+\.\w+\.|\?\.|^[!&*]{1,2}\w|^--?[a-z]|[?:,]$|"
    r"^#[0-9a-fA-F]{3,8}$|"
    r"^(?:self|this|os|env|config|settings|process|req|request|args|options|params|ctx)[.\[]"
)
MISLEADING_NAME = re.compile(
    r"pass(?:ed|ing|ive|es\b|through|thru|enger|age|port|by)|(?:by|com|tres)pass|secretar|"
    r"auth(?:or(?!i[sz])|entic)|token(?:i[sz]|_?(?:type|count))|key(?:board|s\b)",
    re.IGNORECASE,
)
"""What begins like a name of something secret and goes on like something else."""
NAMED_LIKE_SECRETS = frozenset({"auth", "key", "pass", "pwd", "cred", "login", "session"})
LISTED = re.compile(r"[,(][\s\"'`\\bfruU@]*$")
FEWEST_KINDS_IN_LISTS = 3
CODE_AFTER = re.compile(r"^\s*[(\[]|^\.\w+\(")
SEPARATE_WORDS = re.compile(r"[a-z]{2,}\s[a-z]{2,}", re.IGNORECASE)
ENDING = re.compile(r"[\d!@#$%^&*._-]+$")
LEET = str.maketrans("013457@$!", "oleastasi")


def refuse_listed(secret: str, before: str) -> Reason | None:
    """Why what only stands behind such a name in a list or a call is none, if it is none."""
    is_sure = tokens.is_drawn(secret) or tokens.kinds_of_characters(secret) >= FEWEST_KINDS_IN_LISTS
    return None if is_sure or not LISTED.search(before) else Reason.IDENTIFIER


def refuse_value(secret: str, name: str, after: str) -> Reason | None:
    """Why what follows such a name is no secret, if it is none."""
    words = tokens.WORD.findall(name)
    if (words and words[-1].lower() in NO_VALUE_NAMES) or MISLEADING_NAME.search(name):
        return Reason.IDENTIFIER
    if len(secret) < SHORTEST or not secret.isascii() or not secret.isprintable():
        return Reason.WORDS
    if PATH.search(secret):
        return Reason.PATH_OR_ADDRESS
    if CODE_AFTER.search(after) or (CODE.search(secret) and not tokens.is_drawn(secret)):
        return Reason.CODE
    if tokens.UUID.fullmatch(secret):
        return Reason.UUID
    return _refuse_regular(secret) or _refuse_words(secret, name)


def _refuse_regular(secret: str) -> Reason | None:
    if tokens.is_repeated(secret):
        return Reason.REPETITION
    if len(secret) > 8 and tokens.is_counted(secret):  # noqa: PLR2004 - people do choose pass1234.
        return Reason.SEQUENCE
    return None


def _refuse_words(secret: str, name: str) -> Reason | None:
    stem = ENDING.sub("", secret).lower()
    if not stem or stem in WEAK or stem.translate(LEET) in WEAK or secret.lower() in WEAK:
        return Reason.PLACEHOLDER
    if SEPARATE_WORDS.search(secret):
        return Reason.WORDS
    if name and not STRONG_NAME.search(name):
        return None if tokens.is_drawn(secret) else Reason.IDENTIFIER
    if secret.isdigit():
        return Reason.WORDS if len(secret) < 8 else None  # noqa: PLR2004 - numbers of ports and the like.
    if tokens.NAME.fullmatch(secret) and not re.search(r"\d", secret):
        return None if tokens.is_drawn(secret) else Reason.IDENTIFIER
    parts = {part.lower() for part in tokens.WORD.findall(secret)}
    is_name = tokens.is_words(secret) or bool(parts & NAMED_LIKE_SECRETS)
    return Reason.WORDS if is_name and not tokens.is_drawn(secret) else None


def refuse_uri(secret: str, whole: str) -> Reason | None:
    """Why the password in an address is none, if it is none; `whole` begins with its scheme."""
    user = whole.partition("://")[2].partition(":")[0]
    host = whole.rpartition("@")[2]
    low = secret.lower()
    if EXAMPLE_HOST.search(host):
        return Reason.EXAMPLE_HOST
    if {low, ENDING.sub("", low)} & {*WEAK, user.lower()} or len(set(low)) < FEWEST_CHARACTERS:
        return Reason.PLACEHOLDER
    if re.search(r"[<>{}$*()\[\]%]?(?:pass|pwd|secret|token|your|example)", low):
        return Reason.PLACEHOLDER
    return _refuse_regular(secret)


def refuse_basic(secret: str) -> Reason | None:
    """Why a user and a password in base64 are none, if they are none."""
    try:
        user, found, password = base64.b64decode(secret + "=" * (-len(secret) % 4)).partition(b":")
    except (binascii.Error, ValueError):
        return Reason.STRUCTURE
    text = password.decode("utf-8", "replace")
    if not text.isprintable():
        return Reason.STRUCTURE
    if not found:  # Only a password: some tools store it so.
        return _refuse_regular(secret)
    name = user.decode("utf-8", "replace")
    return refuse_uri(text, f"basic://{name}:@unknown.host")


def refuse_jwt(secret: str) -> Reason | None:
    """Why this is no signed token, if it is none: its first part says how it is signed."""
    header, _, rest = secret.partition(".")
    payload = _json(rest.partition(".")[0])
    found = _json(header)
    if found is None or "alg" not in found or payload is None:
        return Reason.STRUCTURE
    signature = secret.rpartition(".")[2]
    if tokens.is_counted(signature) or tokens.is_repeated(signature):
        return Reason.SEQUENCE
    if {"1234567890", "John Doe"} & {str(payload.get("sub")), str(payload.get("name"))}:
        return Reason.PLACEHOLDER
    return None


def _json(part: str) -> dict[str, object] | None:
    try:
        decoded = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    return decoded if isinstance(decoded, dict) else None
