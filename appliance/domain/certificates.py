"""What is wrong with the certificate that another system shows, and the way out.

Source: OpenSSL, include/openssl/x509_vfy.h, of which these are the numbers.
"""

from __future__ import annotations

from appliance.errors import sentence

NOT_YET, EXPIRED = 9, 10
SELF_SIGNED = 18
UNKNOWN_AUTHORITY = frozenset({2, 19, 20, 21})
OTHER_NAME = frozenset({62, 64})
SETTING = "outgoing.authorities_file"


def complaint(host: str, code: int, words: str) -> str:
    """Why a certificate of this host does not count, by OpenSSL's number for it and its words."""
    if code in OTHER_NAME:
        return sentence(
            "The certificate of %(host)s is for another name. Use the name that it is for.",
            host=host,
        )
    if code == EXPIRED:
        return sentence("The certificate of %(host)s has expired. Renew it there.", host=host)
    if code == NOT_YET:
        return sentence(
            "The certificate of %(host)s is not valid yet. Check the clocks of both.", host=host
        )
    if code == SELF_SIGNED:
        return sentence(
            "The certificate of %(host)s is self-signed. To trust it, an administrator adds it to "
            "the file of %(setting)s.",
            host=host,
            setting=SETTING,
        )
    if code in UNKNOWN_AUTHORITY:
        return sentence(
            "The certificate of %(host)s is from an authority that is not trusted here. To trust "
            "it, an administrator adds the authority's certificate to the file of %(setting)s.",
            host=host,
            setting=SETTING,
        )
    return sentence("The certificate of %(host)s is not valid: %(why)s.", host=host, why=words)
