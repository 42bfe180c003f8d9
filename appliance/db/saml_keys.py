"""The appliance's own keys for SAML."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table
from appliance.domain.saml_keys import KeyUse


class SamlKey(Table):
    """A key by which identity providers know the appliance; at most one for each use."""

    __tablename__ = "saml_keys"

    use: Mapped[KeyUse] = mapped_column(unique=True)
    sealed: Mapped[bytes]
    """The private key in PEM, sealed."""
    certificate: Mapped[str] = mapped_column(sa.Text())
    """The base64 of its DER. It is no secret."""
    created_at: Mapped[datetime]
