"""Passwords: which ones are good (NIST SP 800-63B), and how we keep them (argon2id, RFC 9106)."""

from __future__ import annotations

import os
import re
import threading
import unicodedata
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from appliance.errors import DamagedError, InvalidError, UnavailableError, sentence
from appliance.security.common_passwords import is_common

LARGEST_BYTES = 1024
LANES = 4  # Both recommendations of RFC 9106, section 4.
SALT_BYTES = 16
HASH_BYTES = 32
SHORTEST_NAME_PART = 3  # "al" is in too many honest words to be held against anyone.

# What fingers and minds walk along without thinking; the alphabet twice, so that it may wrap.
TRAILS = (
    "abcdefghijklmnopqrstuvwxyz" * 2,
    "01234567890123456789",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
)


class Hasher:
    """Hashes and verifies passwords, a few at once: each needs its whole memory while it works."""

    def __init__(
        self, memory_kib: int, passes: int, *, at_once: int = 2, patience_seconds: float = 10
    ) -> None:
        self._argon2 = PasswordHasher(
            time_cost=passes,
            memory_cost=memory_kib,
            parallelism=LANES,
            hash_len=HASH_BYTES,
            salt_len=SALT_BYTES,
            type=Type.ID,
        )
        self._turns = threading.BoundedSemaphore(at_once)
        self._patience_seconds = patience_seconds
        # Verified when there is no such user, so that the answer takes as long as for one there is.
        self._nobody = (
            f"$argon2id$v=19$m={memory_kib},t={passes},p={LANES}"
            f"${_base64(os.urandom(SALT_BYTES))}${_base64(os.urandom(HASH_BYTES))}"
        )

    def hash(self, password: str) -> str:
        """What to store of a password, with its salt and parameters in the text.

        Errors:
            InvalidError: it is longer than anyone types, or not text.
            UnavailableError: too many passwords are being checked already.
        """
        spelling = _one_spelling(password)
        if spelling is None:
            raise InvalidError.of("password", _too_long_or_no_text())
        with self._turn():
            return self._argon2.hash(spelling)

    def verify(self, stored: str | None, password: str) -> bool:
        """Whether this is the password that was stored; `None` means that there is none.

        Without a stored hash the answer is no, after the same work.

        Errors:
            DamagedError: what is stored is no argon2 hash.
            UnavailableError: too many passwords are being checked already.
        """
        spelling = _one_spelling(password)
        with self._turn():
            try:
                self._argon2.verify(stored or self._nobody, spelling or b"")
            except VerificationError:
                return False
            except InvalidHashError as error:
                raise DamagedError("A stored password cannot be read. Set a new one.") from error
        return stored is not None and spelling is not None

    def needs_rehash(self, stored: str) -> bool:
        """Whether `stored` was made with other parameters; after the next sign-in, hash again."""
        try:
            return self._argon2.check_needs_rehash(stored)
        except InvalidHashError:
            return True

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._turns.acquire(timeout=self._patience_seconds):
            raise UnavailableError(
                "Too many people are signing in at once. Try again in a moment.",
                retry_after_seconds=2,
            )
        try:
            yield
        finally:
            self._turns.release()


def weakness(password: str, *, minimum_length: int, words: Iterable[str] = ()) -> str | None:
    """One sentence on why this password is not good enough, or None where it is.

    `words` are what a guesser tries first: the person's names and e-mail address, the product's and
    the organisation's name. There are no rules about capitals, digits or signs.

    Source: NIST SP 800-63B, section 5.1.1.2 (length, blocklist, no composition rules).
    """
    spelling = _one_spelling(password)
    if spelling is None:
        return _too_long_or_no_text()
    return next(_weaknesses(spelling.decode(), minimum_length, words), None)


def _weaknesses(spelling: str, minimum_length: int, words: Iterable[str]) -> Iterator[str]:
    text = spelling.casefold()
    if len(spelling) < minimum_length:
        yield sentence(
            "Use at least %(minimum_length)s characters; several words in a row are fine.",
            minimum_length=minimum_length,
        )
    if _repeats_itself(text, minimum_length):
        yield sentence("This password repeats a short piece. Choose one that does not.")
    if any(text in trail or text in trail[::-1] for trail in TRAILS):
        yield sentence("This password follows the keyboard or the alphabet. Choose another.")
    if is_common(text) or is_common(_without_digits_at_the_end(text)):
        yield sentence("This password is too common. Choose another.")
    rest = _without(text, words)
    if rest != text and (len(rest) < minimum_length // 2 or is_common(rest)):
        yield sentence("This password is too similar to your name or ours. Add other words.")


def _base64(value: bytes) -> str:
    return b64encode(value).decode().rstrip("=")


def _too_long_or_no_text() -> str:
    return sentence(
        "Use at most %(largest_bytes)s bytes of ordinary text.", largest_bytes=LARGEST_BYTES
    )


def _one_spelling(password: str) -> bytes | None:
    """The password as bytes, the same from every keyboard (NFKC); None where it cannot be one."""
    if len(password) > LARGEST_BYTES:
        return None  # Before normalising, which can make text eighteen times longer.
    try:
        spelling = unicodedata.normalize("NFKC", password).encode("utf-8")
    except UnicodeEncodeError:
        return None
    return spelling if len(spelling) <= LARGEST_BYTES else None


def _repeats_itself(text: str, minimum_length: int) -> bool:
    """Whether the text is one piece, shorter than a password, again and again."""
    period = (text + text).index(text, 1)
    return period < len(text) and period < minimum_length


def _without_digits_at_the_end(text: str) -> str:
    return re.sub(r"[\W\d_]+$", "", text)


def _without(text: str, words: Iterable[str]) -> str:
    """The letters and digits of `text` that belong to none of the words or their parts."""
    parts = {word.casefold() for word in words}
    parts |= {part for word in parts for part in re.split(r"[\W_]+", word)}
    known = sorted((part for part in parts if len(part) >= SHORTEST_NAME_PART), key=len)
    rest = text
    for part in reversed(known):  # The longest first: "anna-maria" before "anna".
        rest = rest.replace(part, " ")
    return re.sub(r"[\W_]+", "", rest) if rest != text else text
