"""Whose certificates count at sources elsewhere: the system's authorities, and those of a file."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from appliance.errors import UnavailableError, sentence

OF_THE_SYSTEM = (
    ssl.get_default_verify_paths().cafile or "",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
)
"""Where distributions keep them."""


def context(file: str) -> ssl.SSLContext:
    """For connections of our own. An empty name means the system's authorities alone.

    Errors:
        UnavailableError: the file cannot be read.
    """
    made = ssl.create_default_context()
    if file:
        try:
            made.load_verify_locations(file)
        except OSError as error:
            raise _unreadable(error) from error
    return made


@contextmanager
def bundle(file: str) -> Iterator[str]:
    """A file with the system's authorities and those of `file`, for git, which takes only one.

    Errors:
        UnavailableError: the file cannot be read.
    """
    try:
        ours = Path(file).read_bytes()
    except OSError as error:
        raise _unreadable(error) from error
    theirs = next((Path(each) for each in OF_THE_SYSTEM if Path(each).is_file()), None)
    with tempfile.NamedTemporaryFile(prefix="codara-authorities-", suffix=".pem") as whole:
        whole.write((theirs.read_bytes() if theirs else b"") + b"\n" + ours)
        whole.flush()
        yield whole.name


def _unreadable(error: OSError) -> UnavailableError:
    why = error.strerror or str(error)
    return UnavailableError(
        sentence("The file of trusted authorities cannot be read: %(why)s.", why=why)
    )
