"""Builds every long-lived object from the settings, once for each process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import redis

from appliance.db import schema
from appliance.db.doorbell import Doorbell
from appliance.db.engine import EngineOptions, make_engine, sqlite_url
from appliance.db.unit_of_work import Database
from appliance.domain.addresses import SSH_PORT, Addresses
from appliance.federation.ldap import Directories
from appliance.federation.oidc import Memory as OidcMemory
from appliance.git import hooks
from appliance.git.lfs import LfsStore
from appliance.git.storage import RepositoryStore
from appliance.scanning.resident.tools import ScannerTools
from appliance.security.bearer import BearerTokens
from appliance.security.capabilities import Capabilities
from appliance.security.commit_signing import CommitSigner
from appliance.security.log_signing import Heads, LogSigner, load_or_create_post_quantum_seed
from appliance.security.passwords import Hasher
from appliance.security.sealing import Sealer
from appliance.security.signing import InstanceSecret, Purpose, load_or_create
from appliance.security.throttle import PER_ADDRESS, PER_BEGINNING, PER_USER, Throttle
from appliance.security.throttle_stores import FallbackStore, MemoryStore, RedisStore
from appliance.services import second_person
from appliance.settings import Settings

QUEUE_PATIENCE_SECONDS = 2.0  # The queue is on this machine or next to it.


@dataclass(frozen=True)
class Home:
    """The one folder with all data, and what lies where in it."""

    root: Path

    @property
    def sqlite_file(self) -> Path:
        """The embedded database."""
        return self.root / "codara.db"

    @property
    def keys(self) -> Path:
        """Secrets of the instance."""
        return self.root / "keys"

    @property
    def run(self) -> Path:
        """Sockets and locks of the running processes."""
        return self.root / "run"

    @property
    def events_socket(self) -> Path:
        """Where the web door gives away the connections of those who listen to events."""
        return self.run / "events.sock"

    @property
    def web_socket(self) -> Path:
        """Where the git hooks and the SSH programs reach the appliance."""
        return self.run / "web.sock"

    @property
    def queue_socket(self) -> Path:
        """Where the embedded queue server listens."""
        return self.run / "queue.sock"

    @property
    def queue(self) -> Path:
        """Data of the embedded queue server."""
        return self.root / "queue"

    @property
    def heads(self) -> Path:
        """The last signed states of the audit logs."""
        return self.root / "audit-heads.json"

    @property
    def exports(self) -> Path:
        """Exports of the audit log, until they are downloaded or expire."""
        return self.root / "exports"

    @property
    def archives(self) -> Path:
        """Archives of other systems, until they are brought in or nobody goes on with them."""
        return self.root / "archives"

    @property
    def scratch(self) -> Path:
        """Files that may vanish at any time."""
        return self.root / "tmp"

    def prepare(self) -> None:
        """Make the folders, readable by the system account that runs the appliance alone."""
        for folder in (self.root, self.keys, self.run, self.queue, self.scratch):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)


@dataclass(frozen=True)
class SignInTools:
    """What it takes to check who somebody is."""

    hasher: Hasher
    per_user: Throttle
    per_address: Throttle
    beginnings: Throttle
    """Of sign-ins elsewhere, by address."""
    fingerprint_key: bytes
    """With which tokens, sessions and links are fingerprinted."""
    bearer: BearerTokens
    directories: Directories
    """The LDAP directories of identity providers, and which of their servers answered last."""


@dataclass(frozen=True)
class FactorTools:
    """What it takes to check a second factor."""

    sign_in: SignInTools
    sealer: Sealer


@dataclass(frozen=True)
class GitTools:
    """What it takes to let git move objects and refs."""

    home: Path
    web_socket: Path
    repositories: RepositoryStore
    pushes: Capabilities
    """Signs what the hooks of a push may ask for."""
    nonce_key: bytes
    """From it comes what clients sign with a push."""
    signer: CommitSigner
    """Signs what the appliance commits for somebody."""
    lfs: LfsStore
    lfs_access: Capabilities
    """Signs what git-lfs may do with one object."""
    scanner: ScannerTools


@dataclass(frozen=True)
class OidcTools:
    """What it takes to talk with OpenID providers."""

    sealer: Sealer
    secret: InstanceSecret
    memory: OidcMemory
    per_address: Throttle
    beginnings: Throttle
    url: str
    """Where browsers come back to."""


@dataclass(frozen=True)
class LogTools:
    """What it takes to keep the audit logs."""

    signer: LogSigner
    heads: Heads
    sealer: Sealer
    origin: str
    """With what the names of this appliance's logs begin."""


@dataclass(frozen=True)
class SamlTools:
    """What it takes to speak SAML."""

    sealer: Sealer
    per_address: Throttle
    beginnings: Throttle
    url: str
    """Under which identity providers know the appliance."""


@dataclass(frozen=True)
class CertificateTools:
    """What it takes to have somebody show that a certificate is theirs."""

    challenges: Capabilities
    host: str
    """The appliance, as people know it."""


@dataclass(frozen=True)
class TrialTools:
    """What it takes to try an identity provider of any kind."""

    sign_in: SignInTools
    saml: SamlTools
    oidc: OidcTools


@dataclass(frozen=True)
class Wiring:
    """Everything a door hands to the verbs it calls."""

    home: Home
    settings: Settings
    database: Database
    doorbell: Doorbell
    repositories: RepositoryStore
    secret: InstanceSecret
    sealer: Sealer
    sign_in: SignInTools
    push_capabilities: Capabilities
    lfs_capabilities: Capabilities
    certificate_challenges: Capabilities
    logs: LogTools
    oidc: OidcTools
    redis: redis.Redis

    @property
    def git(self) -> GitTools:
        """What it takes to let git move objects and refs."""
        return GitTools(
            home=self.home.root,
            web_socket=self.home.web_socket,
            repositories=self.repositories,
            pushes=self.push_capabilities,
            nonce_key=self.secret.key(Purpose.PUSH_NONCES),
            signer=CommitSigner(self.secret.key(Purpose.COMMITS)),
            lfs=LfsStore(self.home.root),
            lfs_access=self.lfs_capabilities,
            scanner=ScannerTools(self.home.run / "scanner.sock", self.secret),
        )

    @property
    def saml(self) -> SamlTools:
        """What it takes to speak SAML."""
        return SamlTools(
            sealer=self.sealer,
            per_address=self.sign_in.per_address,
            beginnings=self.sign_in.beginnings,
            url=self.settings.server.url.rstrip("/"),
        )

    @property
    def factors(self) -> FactorTools:
        """What it takes to check a second factor."""
        return FactorTools(self.sign_in, self.sealer)

    @property
    def certificates(self) -> CertificateTools:
        """What it takes to have somebody show that a certificate is theirs."""
        return CertificateTools(self.certificate_challenges, self.addresses.ssh_host)

    @property
    def trials(self) -> TrialTools:
        """What it takes to try an identity provider."""
        return TrialTools(self.sign_in, self.saml, self.oidc)

    @property
    def cookie_key(self) -> bytes:
        """Signs cookies and form tokens."""
        return self.secret.key(Purpose.COOKIES)

    @property
    def cursor_key(self) -> bytes:
        """Signs paging cursors."""
        return self.secret.key(Purpose.CURSORS)

    @property
    def addresses(self) -> Addresses:
        """Under which addresses people reach this appliance."""
        ssh = self.settings.ssh
        host = ssh.public_host or urlsplit(self.settings.server.url).hostname or "localhost"
        port = ssh.public_port or (ssh.port if ssh.embedded else SSH_PORT)
        return Addresses(self.settings.server.url, host, port)

    @property
    def repeat_key(self) -> bytes:
        """Fingerprints requests that may be sent twice."""
        return self.secret.key(Purpose.REPEATS)

    @property
    def limiter_url(self) -> str:
        """Where requests are counted, in the spelling of the rate limiter's library."""
        url = _queue_url(self.home, self.settings)
        return url.replace("unix://", "redis+unix://", 1) if url.startswith("unix:") else url


def build(home_folder: Path, settings: Settings) -> Wiring:
    """Everything, for one home folder. Opens no connection yet.

    Errors:
        SettingsError: a key file is readable by others, or is none.
    """
    home = Home(home_folder.resolve())
    home.prepare()
    secret = load_or_create(home.keys / "instance.key")
    doorbell = Doorbell(home.run / "relay.sock")
    options = EngineOptions(
        statement_timeout_seconds=settings.database.statement_timeout_seconds,
        lock_timeout_seconds=settings.database.lock_timeout_seconds,
        pool_size=settings.database.pool_size,
    )
    url, sealer = settings.server.url.rstrip("/"), Sealer([secret.key(Purpose.SEALING)])
    sign_in = _sign_in_tools(settings, secret, _queue_url(home, settings))
    return Wiring(
        home=home,
        settings=settings,
        database=Database(
            make_engine(_database_url(home, settings), options),
            settings,
            on_promise=doorbell.ring,
            on_proposal=partial(second_person.keep, sealer=sealer),
        ),
        doorbell=doorbell,
        repositories=RepositoryStore(home.root),
        secret=secret,
        sealer=sealer,
        sign_in=sign_in,
        push_capabilities=Capabilities(secret, "push"),
        lfs_capabilities=Capabilities(secret, "lfs"),
        certificate_challenges=Capabilities(secret, "x509-certificate"),
        logs=_log_tools(home, settings, sealer),
        oidc=OidcTools(sealer, secret, OidcMemory(), sign_in.per_address, sign_in.beginnings, url),
        redis=queue(home, settings),
    )


def prepare(wiring: Wiring) -> None:
    """Bring the database and the git hooks to what this release needs; safe to repeat.

    Errors:
        ConflictError: the database was used by a newer release.
        UnavailableError: the database does not answer.
    """
    schema.bring_up_to_date(wiring.database.engine)
    hooks.install(wiring.home.root)


def insist_on_schema(wiring: Wiring) -> None:
    """Go on only if the database is at what this release needs.

    Errors:
        ConflictError: it is not, and what to do.
        UnavailableError: it does not answer.
    """
    schema.insist_on_newest(wiring.database.engine)


def _database_url(home: Home, settings: Settings) -> str:
    return settings.database.url.get_secret_value() or sqlite_url(home.sqlite_file)


def _queue_url(home: Home, settings: Settings) -> str:
    return settings.queue.url.get_secret_value() or f"unix://{home.queue_socket}"


def queue(home: Home, settings: Settings, *, within_seconds: float | None = None) -> redis.Redis:
    """A connection to the queue, which may be given only so long for each answer."""
    return redis.Redis.from_url(
        _queue_url(home, settings),
        socket_connect_timeout=within_seconds or QUEUE_PATIENCE_SECONDS,
        socket_timeout=within_seconds,
        health_check_interval=30,
    )


def _log_tools(home: Home, settings: Settings, sealer: Sealer) -> LogTools:
    seed = None
    if settings.audit.post_quantum:
        seed = load_or_create_post_quantum_seed(home.keys / "audit-post-quantum.key")
    host = urlsplit(settings.server.url).netloc
    return LogTools(
        signer=LogSigner(home.keys / "audit.key", seed),
        heads=Heads(home.heads),
        sealer=sealer,
        origin=f"{host}/audit",
    )


def _sign_in_tools(settings: Settings, secret: InstanceSecret, queue_url: str) -> SignInTools:
    attempts = FallbackStore(RedisStore(queue_url), MemoryStore())
    return SignInTools(
        hasher=Hasher(
            memory_kib=settings.sign_in.argon2_memory_kib, passes=settings.sign_in.argon2_passes
        ),
        per_user=Throttle(attempts, PER_USER),
        per_address=Throttle(attempts, PER_ADDRESS),
        beginnings=Throttle(attempts, PER_BEGINNING),
        fingerprint_key=secret.key(Purpose.FINGERPRINTS),
        bearer=BearerTokens(secret.key(Purpose.BEARER), issuer=settings.server.url),
        directories=Directories(settings.sign_in.provider_authorities_file),
    )
