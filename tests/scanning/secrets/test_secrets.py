"""What is reported of a match, how sure it is, and why another is not reported."""

from __future__ import annotations

import base64
import json
import secrets as chance
from zlib import crc32

import pytest

from appliance.scanning.secrets.checksums import in_base62
from appliance.scanning.secrets.reasons import SENTENCES, Note, Reason
from appliance.scanning.secrets.rules import Lane
from appliance.scanning.secrets.scanner import Confidence
from appliance.security import tokens

BODY = "Zq7Rk2Wm9Xc4Vb8Nt6Yh3Jd5Lf1PgS"  # Thirty digits that nobody gave out.
SIXTY_FOUR = "3fa91c7be20d5568f1a4c07d9be2310f67c5a81d4e93b02fc86d17a5e0b94c3f"


def github(kind="ghp", *, wrong=False):
    checksum = in_base62(crc32(BODY.encode()) + wrong)
    return f"{kind}_{BODY}{checksum}"


def one(scanner, text, path="conf/app.yml"):
    found = scanner.scan(text.encode(), path)
    assert [each.reason for each in found.rejections if not found.findings] == []
    assert len(found.findings) == 1
    return found.findings[0]


@pytest.mark.parametrize("kind", ["ghp", "gho", "ghu", "ghs", "ghr", "npm"])
def test_a_checksum_decides_about_the_push(scanner, kind):
    right, wrong = (
        one(scanner, f"x {github(kind)} y"),
        one(scanner, f"x {github(kind, wrong=True)} y"),
    )

    assert (right.lane, right.confidence) == (Lane.BLOCK, Confidence.HIGH)
    assert Note.CHECKSUM_FITS in right.notes
    assert (wrong.lane, wrong.confidence) == (Lane.REVIEW, Confidence.LOW)
    assert Note.CHECKSUM_DIFFERS in wrong.notes


def test_our_own_tokens_are_known(scanner):
    assert one(scanner, f"CODARA={tokens.mint()}").rule.id == "codara-token"


def test_a_finding_says_where_and_never_what(scanner):
    text = f"# settings\ntoken: {github()}\n"
    found = one(scanner, text)

    assert text[found.start : found.end] == found.secret == github()
    assert BODY not in repr(found)
    assert BODY not in repr(scanner.scan(text.encode()))


@pytest.mark.parametrize(
    "text",
    [
        "{}", '"{}"', "'{}'", "x={}&y=1", "https://host/?t={}", "line\\n{}\\nline", "<b>{}</b>",
        "({})", "[{}]", "{}\r\n", "\t{}", "bearer {}", "a:{}@host", "%3D{}", "é{}é", "{},", "{};",
        "\x1b[31m{}\x1b[0m", "`{}`", "${{{}}}",
    ],
)  # fmt: skip
def test_a_token_is_found_whatever_stands_around_it(scanner, text):
    assert one(scanner, text.format(github())).rule.id == "github-token-classic"


@pytest.mark.parametrize("text", ["x{}", "9{}", "{}x", "{}0", "{}_more"])
def test_a_part_of_a_longer_word_is_no_token(scanner, text):
    found = scanner.scan(text.format(github()).encode())

    assert [each.lane for each in found.findings if each.lane is Lane.BLOCK] == []
    assert Reason.INSIDE_WORD in {each.reason for each in found.rejections}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", Reason.REPETITION),
        ("ghp_000000000000000000000000000000000000", Reason.REPETITION),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", Reason.SEQUENCE),
        ("ghp_1234567890abcdefghijABCDEFGHIJ123456", Reason.SEQUENCE),
        ("ghp_YourPersonalAccessTokenGoesHere01234", Reason.PLACEHOLDER),
        ("ghp_EXAMPLEexampleEXAMPLEexampleEXAMPLE1", Reason.PLACEHOLDER),
        ("AKIAIOSFODNN7EXAMPLE", Reason.PUBLISHED_EXAMPLE),
        ("AKIAQQQQQQQQQQQQQQQQ", Reason.REPETITION),
        ("AKIAABCDEFGHIJKLMNOP", Reason.SEQUENCE),
        ("sk_live_a1b2c3d4e5f6g7h8i9j0k1l2", Reason.SEQUENCE),
        ("AIzaSyQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ", Reason.REPETITION),
        ("xoxb-123456789012-123456789012-abcdefghijklmnopqrstuvwx", Reason.SEQUENCE),
        ("hf_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", Reason.REPETITION),
        ("md-mermaid-label-bg-color", Reason.WORDS),
        ("dop_v1_" + "deadbeef" * 8, Reason.PLACEHOLDER),
        ("dop_v1_" + "0123456789abcdef" * 4, Reason.SEQUENCE),
        ("postgres://user:password@localhost/app", Reason.PLACEHOLDER),
        ("redis://:f9K2mQ7xW4@redis.example.com:6379", Reason.EXAMPLE_HOST),
        ("https://user:pass@host/x", Reason.EXAMPLE_HOST),
        ('password = "changeme"', Reason.PLACEHOLDER),
        ('password = "${DB_PASSWORD}"', Reason.TEMPLATE),
        ('password_field = "user_login"', Reason.IDENTIFIER),
        ('secret_name = "prod/db-9f2k"', Reason.IDENTIFIER),
        ("token_url: https://login.corp.internal/oauth", Reason.IDENTIFIER),
        ('api_key = "3f2a9c1e-77aa-4be0-9b1c-2f4f3c1e8a55"', Reason.UUID),
        ('private_key = "/etc/ssl/private/site.pem"', Reason.PATH_OR_ADDRESS),
        ("token_hash = 4f9c2a7be1d05836af4c1b9e7d2035c8", Reason.HASH),
        ("Authorization: Basic dXNlcjpwYXNz", Reason.PLACEHOLDER),
    ],
)
def test_what_is_none_is_turned_down_with_its_reason(scanner, text, reason):
    found = scanner.scan(text.encode(), "src/app.py")

    assert [each.rule.id for each in found.findings] == []
    assert reason in {each.reason for each in found.rejections}


@pytest.mark.parametrize(
    "text",
    [
        "glpat-your-gitlab-token-1",
        "postgres://app:app@db/app",
        "mysql://root:${MYSQL_PASSWORD}@db/app",
        "mongodb+srv://<user>:<pwd1>@cluster0.mongodb.net",
        'password = "{{ vault_password }}"',
        'password = os.environ["DB_PASSWORD"]',
        "public_key = 4f9c2a7be1d05836af4c1b9e7d2035c8",
        "password = getpass.getpass()",
        "const token = req.headers.authorization;",
        "token = self.read_token(path)",
        "password: ''",
        "-----BEGIN CERTIFICATE-----",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2m5gq0gVx1bV3l3Wc1v4kq8q2m9o0p1r2s3t4u5v6w",
        '"integrity": "sha512-9NpF0kq3Wd2vQ7mZbXhT4yLrPcJ8sGfVnKxB1uAoIeM5tRzY6wDqHjC=="',
    ],
)
def test_what_is_like_no_secret_is_no_finding(scanner, text):
    assert [each.rule.id for each in scanner.scan(text.encode(), "src/app.py").findings] == []


def test_hashes_in_lock_files_are_none(scanner):
    line = f'resolved-token = "{SIXTY_FOUR}"'.encode()

    assert scanner.scan(line, "package-lock.json").findings == ()
    assert scanner.scan(line, "settings.ini").findings != ()


@pytest.mark.parametrize(
    "text",
    [
        'password = "Kx7#mQ2vLw"', "DB_PASSWORD=Kx7mQ2vLw9\n", "  password: Kx7mQ2vLw9\n",
        '{"clientSecret": "Kx7mQ2vLw9zR4tYb"}', "<password>Kx7mQ2vLw9</password>",
        "sshpass -p Kx7mQ2vLw9 ssh host", "curl -u robot:Kx7mQ2vLw9 https://files.corp.internal",
        "postgres://app:Kx7mQ2vLw9@data.corp.internal/app", "setPassword('Kx7mQ2vLw9')",
        "Server=sql.corp.internal;User Id=app;Password=Kx7mQ2vLw9;",
        "machine git.corp.internal login robot password Kx7mQ2vLw9",
        "define('DB_PASSWORD', 'Kx7mQ2vLw9');", "password => 'Kx7mQ2vLw9',",
        'String password = "Kx7mQ2vLw9";', "$password = 'Kx7mQ2vLw9';", "-Dpassword=Kx7mQ2vLw9 ",
        '\\"password\\": \\"Kx7mQ2vLw9\\"', "password: str = 'Kx7mQ2vLw9'",
    ],
)  # fmt: skip
def test_passwords_of_any_kind_are_reviewed(scanner, text):
    found = scanner.scan(text.encode(), "conf/app")

    assert {each.lane for each in found.findings} == {Lane.REVIEW}


def test_a_test_key_is_reviewed_and_does_not_block(scanner):
    body = "\n".join(base64.b64encode(chance.token_bytes(48)).decode() for _ in range(8))
    text = f"-----BEGIN PRIVATE {''}KEY-----\n{body}\n-----END PRIVATE KEY-----\n"

    assert one(scanner, text, "conf/site.key").lane is Lane.BLOCK
    assert one(scanner, text, "tests/site.key").lane is Lane.REVIEW
    assert one(scanner, text.replace("\n", "\r\n")).lane is Lane.BLOCK
    assert one(scanner, json.dumps({"key": text})).lane is Lane.BLOCK


def test_the_words_before_a_key_alone_are_none(scanner):
    text = 'if "-----BEGIN PRIVATE KEY-----" in text and "-----END PRIVATE KEY-----" in text:'

    assert scanner.scan(text.encode()).findings == ()


def test_where_it_stands_makes_it_less_sure(scanner):
    text = "postgres://app:Kx7mQ2vLw9@data.corp.internal/app"

    assert one(scanner, text).confidence is Confidence.MEDIUM
    assert one(scanner, text, "docs/setup.md").confidence is Confidence.LOW
    assert one(scanner, f"# {text}").confidence is Confidence.LOW


def test_a_line_may_be_as_long_as_it_likes(scanner):
    text = "a=1;" * 200_000 + f'k="{github()}";' + "b=2;" * 200_000

    assert one(scanner, text, "app.min.js").rule.id == "github-token-classic"


def test_every_reason_can_be_looked_up():
    assert set(SENTENCES) == {*Reason, *Note}
