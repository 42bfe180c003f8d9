from __future__ import annotations

import subprocess
from base64 import b64decode, b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import InvalidError
from appliance.security import ssh_keys
from appliance.security.ssh_keys import parse

# What OpenSSH writes for security tokens, which a test machine does not have: the layout of
# PROTOCOL.u2f around the public parts of keys that ssh-keygen makes.
TOKEN_TYPES = ("sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com")


def keygen(folder: Path, *options: str) -> str:
    """A new key pair; gives the line of the public half."""
    file = folder / "key"
    command = ["ssh-keygen", "-q", "-N", "", "-C", "laptop of a writer", "-f", str(file)]
    subprocess.run([*command, *options], check=True, capture_output=True, timeout=60)
    return file.with_suffix(".pub").read_text()


def listed(folder: Path, line: str) -> list[str]:
    """What `ssh-keygen -l` says of a key: bits, fingerprint, comment, kind."""
    (folder / "listed.pub").write_text(line)
    command = ["ssh-keygen", "-l", "-f", str(folder / "listed.pub")]
    done = subprocess.run(command, check=True, capture_output=True, timeout=30, text=True)
    return done.stdout.split()


def wire(*values: bytes | int) -> bytes:
    """Values as SSH writes them."""
    parts = [
        value if isinstance(value, bytes) else value.to_bytes(value.bit_length() // 8 + 1, "big")
        for value in values
    ]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def line_of(type_: str, *values: bytes | int) -> str:
    return f"{type_} {b64encode(wire(type_.encode(), *values)).decode()} laptop"


@pytest.mark.promise("P9")
@pytest.mark.parametrize(
    ("options", "type_", "bits"),
    [
        (["-t", "ed25519"], "ssh-ed25519", 256),
        (["-t", "ecdsa", "-b", "256"], "ecdsa-sha2-nistp256", 256),
        (["-t", "ecdsa", "-b", "384"], "ecdsa-sha2-nistp384", 384),
        (["-t", "ecdsa", "-b", "521"], "ecdsa-sha2-nistp521", 521),
        (["-t", "rsa", "-b", "3072"], "ssh-rsa", 3072),
    ],
)
def test_what_ssh_keygen_makes_is_read_as_ssh_keygen_reads_it(tmp_path, options, type_, bits):
    line = keygen(tmp_path, *options)
    key = parse(line)

    assert (key.type, key.bits, key.comment) == (type_, bits, "laptop of a writer")
    assert [str(key.bits), key.fingerprint] == listed(tmp_path, line)[:2]
    assert listed(tmp_path, key.line + "\n")[1] == key.fingerprint
    assert line.startswith(key.line + " ")


@pytest.fixture
def token_lines(tmp_path) -> list[str]:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    ed25519 = parse(keygen(tmp_path / "a", "-t", "ed25519")).blob
    ecdsa = parse(keygen(tmp_path / "b", "-t", "ecdsa")).blob
    bodies = [ed25519[4 + 11 :], ecdsa[4 + 19 :]]
    return [
        f"{type_} {b64encode(wire(type_.encode()) + body + wire(b'ssh:')).decode()} token"
        for type_, body in zip(TOKEN_TYPES, bodies, strict=True)
    ]


@pytest.mark.promise("P9")
def test_keys_of_security_tokens_are_read_as_ssh_keygen_reads_them(tmp_path, token_lines):
    for line in token_lines:
        key = parse(line)
        assert [str(key.bits), key.fingerprint] == listed(tmp_path, line)[:2]


def test_keys_of_security_tokens_for_something_else_than_ssh_are_refused():
    with pytest.raises(InvalidError):
        parse(line_of(TOKEN_TYPES[0], bytes(32), b"https://lab.example"))
    with pytest.raises(InvalidError):
        parse(line_of(TOKEN_TYPES[0], bytes(32), b"ssh:\nx"))


@pytest.mark.promise("P9")
@pytest.mark.parametrize("bits", [1024, 2048, 3064])
def test_small_rsa_keys_are_refused_with_their_size(tmp_path, bits):
    with pytest.raises(InvalidError, match=f"RSA keys of {bits} bits are too weak"):
        parse(keygen(tmp_path, "-t", "rsa", "-b", str(bits)))


@pytest.mark.promise("P9")
@pytest.mark.parametrize("format_", ["RFC4716", "PKCS8", "PEM"])
@pytest.mark.parametrize("type_", ["ed25519", "ecdsa", "rsa"])
def test_a_private_key_is_never_taken_and_never_repeated(tmp_path, type_, format_):
    keygen(tmp_path, "-t", type_, "-m", format_)
    private = (tmp_path / "key").read_text()

    with pytest.raises(InvalidError, match="Never send it") as refusal:
        parse(private)
    assert not any(line in str(refusal.value) for line in private.splitlines())


def test_a_private_key_of_another_program_is_never_taken():
    with pytest.raises(InvalidError, match="This is a private key"):
        parse("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPrivate-Lines: 1\nAAAA\n")


def test_a_certificate_is_refused_and_says_what_to_upload(tmp_path):
    keygen(tmp_path, "-t", "ed25519")
    key = str(tmp_path / "key")
    command = ["ssh-keygen", "-q", "-s", key, "-I", "id", "-n", "git", f"{key}.pub"]
    subprocess.run(command, check=True, capture_output=True, timeout=30)

    with pytest.raises(InvalidError, match="certificate"):
        parse((tmp_path / "key-cert.pub").read_text())


@pytest.mark.promise("P9")
@pytest.mark.parametrize(
    "options", ["no-pty", "command=\"sh -c 'ssh-ed25519 '\"", "cert-authority,restrict"]
)
def test_options_before_a_key_are_refused(tmp_path, options):
    line = keygen(tmp_path, "-t", "ed25519")

    with pytest.raises(InvalidError, match="options"):
        parse(f"{options} {line}")


def test_other_forms_of_public_keys_are_explained(tmp_path):
    keygen(tmp_path, "-t", "rsa")
    for form in ("RFC4716", "PKCS8"):
        command = ["ssh-keygen", "-e", "-m", form, "-f", str(tmp_path / "key.pub")]
        done = subprocess.run(command, check=True, capture_output=True, timeout=30, text=True)
        with pytest.raises(InvalidError, match="ssh-keygen -i"):
            parse(done.stdout)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Paste a key"),
        (" \n\t\n", "Paste a key"),
        ("hello", "not a public key"),
        ("ssh-dss AAAAB3NzaC1kc3M= old", "DSA keys are too weak"),
        ("ssh-ed448 AAAA", "not a public key"),
        ("ssh-ed25519", "damaged"),
        ("ssh-ed25519 AAAA", "damaged"),
        ("ssh-ed25519 A=AA", "damaged"),
        ("ssh-ed25519 é", "damaged"),
        ("x" * 20_000, "too long"),
        (line_of("ssh-ed25519", bytes(31)), "damaged"),
        (line_of("ssh-ed25519", bytes(32), b"more"), "damaged"),
        (line_of("ssh-rsa", 65537, 2**3072 - 1), "damaged"),  # Divisible by 3.
        (line_of("ssh-rsa", 65537, 2**3072), "damaged"),
        (line_of("ssh-rsa", 65536, 2**3071 + 1), "damaged"),
        (line_of("ssh-rsa", 1, 2**3071 + 1), "damaged"),
        (line_of("ssh-rsa", 2**64 + 1, 2**3071 + 1), "damaged"),
        (line_of("ssh-rsa", 65537, b"\0" + (2**3072 - 1).to_bytes(385, "big")), "damaged"),
        (line_of("ssh-rsa", 65537, (2**3072 - 1).to_bytes(384, "big")), "damaged"),
        (line_of("ssh-rsa", 65537, 2**16384 + 1), "more than 16384 bits"),
        (line_of("ecdsa-sha2-nistp256", b"nistp256", b"\4" + bytes(64)), "damaged"),
        (line_of("ecdsa-sha2-nistp256", b"nistp384", b"\4" + bytes(64)), "damaged"),
        (line_of("ecdsa-sha2-nistp256", b"nistp256", b""), "damaged"),
    ],
)
def test_what_is_no_good_key_is_refused_with_a_reason(text, sentence):
    with pytest.raises(InvalidError, match=sentence) as refusal:
        parse(text)
    assert refusal.value.fields[0].field == "key"


def test_the_type_that_is_named_must_be_the_type_inside(tmp_path):
    line = keygen(tmp_path, "-t", "ed25519")

    with pytest.raises(InvalidError, match="another kind"):
        parse(line.replace("ssh-ed25519", "ecdsa-sha2-nistp256", 1))


def test_two_keys_at_once_are_refused(tmp_path):
    line = keygen(tmp_path, "-t", "ed25519")

    with pytest.raises(InvalidError, match="exactly one"):
        parse(line + line)
    assert parse(f"\r\n  {line}\r\n").type == "ssh-ed25519"


def test_a_comment_cannot_forge_a_line_or_turn_text_around(tmp_path):
    line = keygen(tmp_path, "-t", "ed25519").partition(" laptop")[0]

    assert parse(f"{line} my\x1b[31m \u202elaptop\x00").comment == "my[31m laptop"
    assert len(parse(f"{line} {'x' * 2000}").comment) == 255
    assert parse(line).comment == ""


@pytest.mark.promise("P9")
@given(st.data())
def test_a_blob_cut_short_or_lengthened_is_refused(data):
    whole = wire(b"ssh-ed25519", bytes(range(32)))
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    longer = whole + data.draw(st.binary(min_size=1, max_size=8))

    for blob in (cut, longer):
        with pytest.raises(InvalidError):
            ssh_keys.parse_blob(blob, expected_type="ssh-ed25519")


@given(st.text(max_size=200), st.binary(max_size=200))
def test_any_text_and_any_blob_are_judged_without_failing(text, blob):
    lines = [text, *(f"{type_} {b64encode(blob).decode()} {text}" for type_ in ssh_keys.BITS_OF)]
    lines += [line_of(type_, blob, blob, blob) for type_ in ssh_keys.BITS_OF]
    for line in lines:
        try:
            key = parse(line)
        except InvalidError:
            continue
        assert key.blob == b64decode(line.split()[1])
