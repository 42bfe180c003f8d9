"""ldap3, imported without what it says of names that pyasn1 has renamed.

`requirements/app.in` keeps pyasn1 below the release that takes the old names away.
"""

from __future__ import annotations

import warnings

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
    "Tls",
    "escape_filter_chars",
    "ldap3",
    "parse_dn",
]
