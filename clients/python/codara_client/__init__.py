"""A client of the Codara Appliance: `connect(url, token)`. The standard library is all it needs.

`codara_client.api` knows every endpoint by name and type; `script/clients` writes it from what the
appliance says of itself.
"""

from codara_client.client import Client, connect, repository, segment
from codara_client.errors import (
    ClientError,
    InvalidNameError,
    MovedError,
    ProblemError,
    ProposedError,
    UnavailableError,
    UntrustedError,
)
from codara_client.events import Event
from codara_client.transport import Answer, Body, Http, LocalSocket, Transport

__all__ = [
    "Answer",
    "Body",
    "Client",
    "ClientError",
    "Event",
    "Http",
    "InvalidNameError",
    "LocalSocket",
    "MovedError",
    "ProblemError",
    "ProposedError",
    "Transport",
    "UnavailableError",
    "UntrustedError",
    "connect",
    "repository",
    "segment",
]
