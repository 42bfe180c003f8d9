"""What the words of a trial's failed steps mean to an administrator, and what to look at."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

OF_LDAP = {
    "disabled": _("Their account there is disabled or locked: they would be kept out here, too."),
    "account_expired": _("Their account there has ended: they would be kept out here, too."),
    "49 invalidCredentials": _("Name or password of the service account is wrong there."),
    "0": _(
        "Nobody was found. Look at where users are, which entries are users, and by which "
        "attributes people sign in."
    ),
}
OF_SAML = {
    "algorithm": _(
        "It signs or encrypts in a way that is not safe here, such as SHA-1, RSA 1.5 or Triple "
        "DES. Let it sign by RSA or ECDSA with SHA-256, and encrypt by AES and RSA-OAEP."
    ),
    "audience": _(
        "It answers for another service. There, the appliance goes by the address of its metadata."
    ),
    "decryption": _(
        "It encrypts for a key that is not ours, or no longer. Give it our metadata anew."
    ),
    "expired": _("It is too old. Look at the clocks on both sides."),
    "too_early": _("It is not of now. Look at the clocks on both sides."),
    "name_id": _("The subject has another format than the one that was chosen here."),
    "not_encrypted": _("It does not encrypt. Give it our metadata, or do not insist on it."),
    "not_signed": _("It does not sign all that “Required signatures” demands."),
    "signature": _("Its metadata here name another certificate than the one that it signs with."),
    "status": _("The identity provider itself refused. Its own log says why."),
}
OF_OIDC = {
    "code_refused": _(
        "It does not take the code from us. Look at the client ID, the secret, and how the "
        "appliance shows who it is."
    ),
    "discovery": _(
        "Nothing that can be used is found under the issuer. Open it with "
        "/.well-known/openid-configuration in a browser."
    ),
    "discovery_issuer": _(
        "It calls itself otherwise than the issuer that was given, perhaps by a slash or a name."
    ),
    "provider_said_no": _("It refused the person, or a scope that it was asked for."),
    "unavailable": _("It does not answer in time, or its certificate is not trusted."),
    "address": _("Requests may not go to its address (sign_in.provider_private_addresses)."),
    "unknown_key": _("Nobody whom we know signed the token: its keys are those of another system."),
}
MEANINGS = {**OF_OIDC, **OF_SAML, **OF_LDAP}
