from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.errors import SettingsError
from appliance.security.signing import (
    InstanceSecret,
    Purpose,
    is_signed_by,
    load_or_create,
    load_or_create_signing_key,
)


@pytest.mark.promise("P20")
def test_the_first_start_makes_a_secret_that_only_we_can_read(tmp_path):
    file = tmp_path / "keys" / "instance.key"
    load_or_create(file)

    assert file.stat().st_mode & 0o7777 == 0o600
    assert file.parent.stat().st_mode & 0o7777 == 0o700
    assert file.stat().st_size == 32
    assert list(file.parent.iterdir()) == [file]


def test_the_next_start_finds_the_same_secret(tmp_path):
    file = tmp_path / "instance.key"

    assert load_or_create(file).key(Purpose.SEALING) == load_or_create(file).key(Purpose.SEALING)


@pytest.mark.promise("P20")
@pytest.mark.parametrize("mode", [0o604, 0o640, 0o620, 0o602, 0o660, 0o666, 0o644])
def test_a_secret_that_others_may_touch_is_refused_with_the_cure(tmp_path, mode):
    file = tmp_path / "instance.key"
    load_or_create(file)
    file.chmod(mode)

    with pytest.raises(SettingsError, match=f"chmod 600 {file}"):
        load_or_create(file)


def test_a_link_a_folder_a_pipe_and_a_stump_are_refused_and_left_alone(tmp_path):
    real = tmp_path / "real.key"
    load_or_create(real)
    (tmp_path / "link.key").symlink_to(real)
    (tmp_path / "folder.key").mkdir(mode=0o700)
    os.mkfifo(tmp_path / "pipe.key", 0o600)
    (tmp_path / "stump.key").write_bytes(b"short")
    (tmp_path / "stump.key").chmod(0o600)

    for name in ("link.key", "folder.key", "pipe.key", "stump.key"):
        with pytest.raises(SettingsError, match=name):
            load_or_create(tmp_path / name)
    assert (tmp_path / "stump.key").read_bytes() == b"short"


def test_a_folder_that_cannot_be_made_is_a_plain_sentence(tmp_path):
    (tmp_path / "keys").write_text("in the way")

    with pytest.raises(SettingsError, match=r"instance\.key cannot be"):
        load_or_create(tmp_path / "keys" / "instance.key")


def test_processes_that_start_together_agree_on_one_secret(tmp_path):
    program = (
        "import sys; from pathlib import Path;"
        "from appliance.security.signing import load_or_create, Purpose;"
        "sys.stdin.read();"
        "print(load_or_create(Path(sys.argv[1])).key(Purpose.SEALING).hex())"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "instance.key")]
    pipe = subprocess.PIPE
    starts = [subprocess.Popen(command, stdin=pipe, stdout=pipe) for _ in range(4)]
    for start in starts:
        assert start.stdin
        start.stdin.close()
    answers = set()
    for start in starts:
        assert start.stdout
        with start.stdout:
            answers.add(start.stdout.read())
        assert start.wait(60) == 0

    assert len(answers) == 1


def test_purposes_and_their_details_share_no_key():
    secret = InstanceSecret(bytes(32))
    keys = {secret.key(purpose, detail) for purpose in Purpose for detail in ("", "push", "lfs")}

    assert len(keys) == 3 * len(Purpose)
    assert all(len(key) == 32 for key in keys)


def test_derived_keys_never_change_from_release_to_release():
    expected = _openssl_hkdf(key=bytes(range(32)), info="SEALING/2026")

    assert InstanceSecret(bytes(range(32))).key(Purpose.SEALING, "2026") == expected


def _openssl_hkdf(*, key: bytes, info: str) -> bytes:
    command = ["openssl", "kdf", "-keylen", "32", "-kdfopt", "digest:SHA256"]
    command += ["-kdfopt", f"hexkey:{key.hex()}", "-kdfopt", f"info:{info}"]
    command += ["-kdfopt", "salt:codara-appliance key derivation 1", "-binary", "HKDF"]
    return subprocess.run(command, check=True, capture_output=True, timeout=30).stdout


@pytest.mark.promise("P20")
def test_secrets_do_not_print_themselves(tmp_path):
    assert repr(InstanceSecret(b"S" * 32)) == "InstanceSecret(...)"
    key = load_or_create_signing_key(tmp_path / "checkpoint.key")
    assert repr(key) == f"SigningKey(public={key.public_bytes.hex()})"


def test_openssl_believes_our_signature_and_we_notice_a_change(tmp_path):
    key = load_or_create_signing_key(tmp_path / "checkpoint.key")
    message, signature = tmp_path / "message", tmp_path / "signature"
    message.write_bytes(b"checkpoint\n12\n")
    signature.write_bytes(key.sign(message.read_bytes()))

    _openssl_verify(tmp_path / "checkpoint.key", message, signature)
    assert is_signed_by(
        key.public_bytes, signature=signature.read_bytes(), message=b"checkpoint\n12\n"
    )
    assert not is_signed_by(
        key.public_bytes, signature=signature.read_bytes(), message=b"checkpoint\n13\n"
    )
    assert not is_signed_by(b"\0", signature=signature.read_bytes(), message=b"checkpoint\n12\n")


def _openssl_verify(key: Path, message: Path, signature: Path) -> None:
    command = ["openssl", "pkeyutl", "-verify", "-inkey", str(key), "-rawin"]
    command += ["-in", str(message), "-sigfile", str(signature)]
    subprocess.run(command, check=True, capture_output=True, timeout=30)


def test_the_signing_key_is_kept_and_guarded_like_the_secret(tmp_path):
    file = tmp_path / "checkpoint.key"
    first = load_or_create_signing_key(file)

    assert load_or_create_signing_key(file).public_bytes == first.public_bytes
    assert file.stat().st_mode & 0o7777 == 0o600
    file.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        load_or_create_signing_key(file)


def test_another_kind_of_key_does_not_sign(tmp_path):
    file = tmp_path / "checkpoint.key"
    command = ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
    subprocess.run([*command, "-out", str(file)], check=True, capture_output=True, timeout=30)
    file.chmod(0o600)
    with pytest.raises(SettingsError, match="not an Ed25519 key"):
        load_or_create_signing_key(file)
    file.write_bytes(b"nonsense")
    with pytest.raises(SettingsError, match="no readable key"):
        load_or_create_signing_key(file)
