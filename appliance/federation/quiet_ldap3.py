"""ldap3, imported without what it says of names that pyasn1 has renamed, and what we add to it.

`requirements/app.in` keeps pyasn1 below the release that takes the old names away.
"""

from __future__ import annotations

import ssl
import warnings
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import ldap3
    from ldap3.core.exceptions import LDAPException, LDAPInvalidFilterError
    from ldap3.core.tls import Tls
    from ldap3.utils.conv import escape_filter_chars
    from ldap3.utils.dn import parse_dn

__all__ = [
    "LDAPException",
    "LDAPInvalidFilterError",
    "RawConnection",
    "Tls",
    "VerifiedTls",
    "escape_filter_chars",
    "ldap3",
    "parse_dn",
]


class VerifiedTls(Tls):  # type: ignore[misc]  # ldap3 has no types.
    """TLS by a context of ours, which checks chain and name in the handshake itself."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self._context = context

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:  # noqa: FBT001, FBT002 - ldap3 calls it so.
        """Put TLS around the socket of a connection."""
        connection.socket = self._context.wrap_socket(
            connection.socket,
            do_handshake_on_connect=do_handshake,
            server_hostname=connection.server.host,
        )


class RawConnection(ldap3.Connection):  # type: ignore[misc]  # ldap3 has no types.
    """ldap3's own, which closes each socket that it gives up."""

    _socket: Any = None

    @property
    def socket(self) -> Any:
        """The socket in use."""
        return self._socket

    @socket.setter
    def socket(self, wanted: Any) -> None:
        if self._socket is not None:
            self._socket.close()  # Of one that TLS was put around, nothing is left to close.
        self._socket = wanted
