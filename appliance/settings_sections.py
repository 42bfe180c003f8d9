"""Every setting by section, typed, with its default and the reason for it."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, SecretStr

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB
LOOPBACK = IPv4Network("127.0.0.0/8"), IPv6Network("::1/128")


class Section(BaseModel):
    """One table of the configuration file."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, validate_default=True
    )


class Server(Section):
    """Where the appliance listens and what it calls itself."""

    url: str = "http://127.0.0.1:8080"
    """The address people use, without a slash at the end. Links and clone addresses begin so."""
    host: str = "127.0.0.1"
    """Address the web processes bind. Behind a proxy, leave it at loopback."""
    port: int = Field(default=8080, ge=0, le=65535)
    """Port the web processes bind."""
    web_processes: int = Field(default=2, ge=1, le=64)
    """Web processes; one per core is plenty, because Git does the heavy work elsewhere."""
    web_threads: int = Field(default=32, ge=8, le=512)
    """Threads in each web process. Git transfers may take half of them and never more."""
    most_listeners: int = Field(default=10_000, ge=1, le=100_000)
    """Most simultaneous listeners to event streams; each needs an open file."""
    trusted_proxies: int = Field(default=0, ge=0, le=4)
    """Number of proxies in front; as many X-Forwarded-For entries are trusted."""
    proxy_addresses: tuple[IPvAnyNetwork, ...] = LOOPBACK
    """Networks that the nearest proxy connects from. Forwarding headers from elsewhere are
    ignored."""
    name: str = "Codara"
    """What the portal calls this appliance in its titles."""
    metrics_addresses: tuple[IPvAnyNetwork, ...] = LOOPBACK
    """Networks that may read /metrics."""


class Database(Section):
    """The database."""

    url: SecretStr = SecretStr("")
    """SQLAlchemy address; empty means SQLite in the home folder. PostgreSQL:
    postgresql+psycopg://user@host/name."""
    statement_timeout_seconds: float = Field(default=15, gt=0)
    """Longest a single statement may run. Pages ask small questions; jobs work in batches."""
    lock_timeout_seconds: float = Field(default=4, gt=0)
    """Longest wait for a lock: longer than any healthy query, shorter than a proxy's patience."""
    pool_size: int = Field(default=8, ge=1)
    """Connections each process keeps to PostgreSQL."""


class Queue(Section):
    """The queue of background jobs."""

    url: SecretStr = SecretStr("")
    """Redis address (redis://, rediss:// or unix://); empty means the embedded queue server."""


class Ssh(Section):
    """Git over SSH."""

    embedded: bool = True
    """Serve SSH from the appliance itself. Turn off where the host's OpenSSH does it."""
    host: str = "127.0.0.1"
    """Address the embedded SSH server binds."""
    port: int = Field(default=2222, ge=0, le=65535)
    """Port the embedded SSH server binds."""
    public_host: str = ""
    """Host name in SSH clone addresses; empty means the host of server.url."""
    public_port: int = Field(default=0, ge=0, le=65535)
    """Port in SSH clone addresses; 0 means the embedded port, or 22 with OpenSSH."""


class SignIn(Section):
    """Passwords and sessions."""

    minimum_password_length: int = Field(default=12, ge=8, le=128)
    """Fewest characters of a password (NIST SP 800-63B asks for length, not for symbols)."""
    session_idle_seconds: int = Field(default=12 * 3600, ge=60)
    """A session unused for so long ends."""
    session_absolute_seconds: int = Field(default=14 * 24 * 3600, ge=300)
    """A session ends after so long however it is used."""
    sessions_at_once: int = Field(default=20, ge=1, le=1000)
    """Most sessions of one user; one more ends the session that was used least recently."""
    elevation_seconds: int = Field(default=15 * 60, ge=30)
    """How long sensitive actions are allowed after the password was confirmed."""
    reset_link_seconds: int = Field(default=24 * 3600, ge=60)
    """How long an administrator's one-time link to set a password works."""
    local_passwords: Literal["everybody", "administrators", "nobody"] = "everybody"
    """Who may sign in with a password of this appliance: everybody, administrators, or nobody."""
    break_glass_seconds: int = Field(default=3600, ge=60, le=86_400)
    """How long `codara user break-glass` allows an administrator's password in spite of that."""
    impersonation_seconds: int = Field(default=3600, ge=0, le=28_800)
    """Longest time for which an administrator may impersonate a user; 0 disables it."""
    provider_seconds: float = Field(default=10, gt=0, le=60)
    """Timeout for one answer of an identity provider."""
    provider_authorities_file: str = ""
    """Certificates (PEM) of authorities that are trusted for identity providers in addition to the
    system's. A provider with its own authority is trusted by that alone."""
    saml_signs_metadata: bool = False
    """Whether SAML metadata is signed, with the key that signs requests."""
    provider_private_addresses: bool = True
    """Whether identity providers may be on private, loopback and link-local addresses. Most are in
    the same network, and only administrators configure them."""
    password_over_git: bool = False
    """Whether Git over HTTPS accepts passwords. Tokens are always accepted."""
    argon2_memory_kib: int = Field(default=64 * KIB, ge=32)
    """Memory of one password hash (RFC 9106 second recommendation: 64 MiB)."""
    argon2_passes: int = Field(default=3, ge=1)
    """Passes of one password hash (RFC 9106 second recommendation: 3)."""


class Access(Section):
    """What this appliance allows."""

    public_repositories: bool = False
    """Whether a repository may be visible to people who have not signed in."""
    users_create_organisations: bool = True
    """Whether every user may create an organisation, or administrators only."""
    token_lifetime_days: int = Field(default=365, ge=1, le=3650)
    """Longest lifetime of an access token."""
    tokens_may_never_expire: bool = False
    """Whether tokens that never expire are allowed."""
    unused_credentials_days: int = Field(default=0, ge=0, le=3650)
    """Days without use after which a token, SSH key, deploy key or SCIM token expires; 0: never.
    Organisations may set fewer for their service accounts and deploy keys."""
    unused_warning_days: int = Field(default=14, ge=1, le=365)
    """Days of warning to its owner before that; at most half of the days without use."""
    proposal_hours: int = Field(default=72, ge=1, le=720)
    """How long an action that needs two administrators waits for the second."""
    tokens_confirm: bool = False
    """Whether such an action may also be confirmed with an access token, and not only in person."""
    jwt_seconds: int = Field(default=600, ge=30, le=3600)
    """Lifetime of the short-lived token that POST /auth/token returns."""


class Limits(Section):
    """Limits on everything that comes from outside."""

    request_bytes: int = 10 * MIB
    """Largest body of a page or API request. Git and LFS transfers have their own."""
    push_size_bytes: int = 4 * GIB
    """Largest push accepted, measured on the pack as received."""
    file_size_bytes: int = 512 * MIB
    """Largest single file in a push; larger ones belong in LFS."""
    lfs_file_size_bytes: int = 16 * GIB
    """Largest LFS object."""
    path_depth: int = 128
    """Deepest path in a push, in folders."""
    path_bytes: int = 4096
    """Longest path in a push."""
    refs_per_push: int = 20_000
    """Most refs one push may change."""
    blob_render_bytes: int = 2 * MIB
    """Largest file shown with highlighting; larger ones are shown plain or offered raw."""
    diff_files: int = 3000
    """Most files one diff page lists."""
    diff_lines: int = 100_000
    """Most lines one diff page shows."""
    git_seconds: float = 20
    """Longest a Git process may run for one page."""
    transfer_seconds: float = 4 * 3600
    """Timeout for a clone or a push."""
    search_results: int = 1000
    """Most results of one search."""
    repository_quota_bytes: int = 0
    """Room for one repository unless it has its own quota; 0 means no limit."""
    organisation_quota_bytes: int = 0
    """Room for all repositories of one organisation unless it has its own; 0 means no limit."""
    api_requests_per_minute: int = 600
    """API requests one actor may make in a minute."""
    scim_requests_per_minute: int = 3000
    """SCIM requests one provider's client may make in a minute; a bulk request counts once."""
    stranger_requests_per_minute: int = 120
    """API requests one address may make in a minute without signing in."""


class Storage(Section):
    """How repositories are kept."""

    bin_days: int = Field(default=30, ge=0)
    """How long a deleted repository can be brought back."""
    lfs_grace_days: int = Field(default=14, ge=1)
    """How long an LFS object that nothing reaches is kept."""
    prune_days: int = Field(default=14, ge=1)
    """How long git keeps objects that no ref reaches."""


class Outgoing(Section):
    """Connections to other systems, for whatever purpose."""

    authorities_file: str = ""
    """Certificates (PEM) of authorities, and self-signed ones, that are trusted in addition to the
    system's: for imports and mirrors, and where their own setting is empty for webhooks, streams,
    witnesses, mail and identity providers."""


class Imports(Section):
    """Importing repositories."""

    schemes: tuple[Literal["https", "http"], ...] = ("https",)
    """Address schemes a repository may be imported from."""
    private_addresses: bool = False
    """Whether imports may reach private, loopback and link-local addresses. Local folders and
    bundles are for administrators at the console, whatever this says."""
    seconds: float = 6 * 3600
    """Timeout for an import."""
    archive_folder: str = ""
    """Folder on the server with archives of other systems, which administrators may import without
    uploading them; empty: none."""
    archive_bytes: int = 10 * 1024 * MIB
    """Largest archive of another system that may be uploaded."""
    unpacked_bytes: int = 50 * 1024 * MIB
    """Largest unpacked size of such an archive."""
    unpacked_files: int = 1_000_000
    """Most files and folders in it."""


class Audit(Section):
    """The audit log."""

    reads: Literal["strict", "best_effort"] = "strict"
    """Whether a clone, download or export that cannot be recorded is refused (`strict`), or goes on
    and only the log of the process says so (`best_effort`). A change that cannot be recorded is
    always refused."""
    post_quantum: bool = False
    """Whether states of the log are signed with ML-DSA-44 too, beside Ed25519."""
    wait_seconds: float = Field(default=5, ge=0)
    """How long a change that must not be deniable waits for a signed state of the log."""
    public_tiles: bool = False
    """Whether everyone may read entries, trees and signed states of the logs under `/audit/`. The
    entries name nobody, but whoever knows a pseudonym can follow it."""
    exports_kept_days: int = Field(default=7, ge=1)
    """How long an export of the audit log can be downloaded."""
    prune: bool = False
    """Whether what is older than the following is removed from the logs every night."""
    operations_kept_days: int = Field(default=400, ge=0)
    """How long details of what ran by itself are kept; 0 here and below means for ever."""
    reads_kept_days: int = Field(default=800, ge=0)
    """How long details of who read and exported what are kept."""
    security_kept_days: int = Field(default=2600, ge=0)
    """How long details of rights and sign-ins are kept."""
    changes_kept_days: int = Field(default=3660, ge=0)
    """How long details of changes to content and its rules are kept."""
    entries_kept_days: int = Field(default=0, ge=0)
    """How long entries are kept at all: who did what to what, without details."""


class Streams(Section):
    """Sending the audit log to other systems."""

    schemes: tuple[Literal["https", "http"], ...] = ("https",)
    """Address schemes of receivers. Without https anybody on the way can read the log."""
    hosts: tuple[str, ...] = ()
    """Names of the only hosts that receivers may be on; `*.siem.example` stands for all below it.
    Empty: every host whose addresses may be reached."""
    private_addresses: bool = False
    """Whether receivers may be on private, loopback and link-local addresses."""
    authorities_file: str = ""
    """Certificates (PEM) of authorities that are trusted in addition to the system's."""
    certificate_file: str = ""
    """Client certificate (PEM) for receivers that ask for one."""
    certificate_key_file: str = ""
    """Private key of that certificate, if it is in a separate file."""
    folder: str = ""
    """Folder for streams that drop files; empty means that there are none."""
    seconds: float = Field(default=30, gt=0, le=300)
    """Timeout for one batch: to connect, to send it, and to get the answer."""
    acknowledge_seconds: float = Field(default=60, gt=0, le=600)
    """Longest wait for a receiver to acknowledge that it has indexed a batch."""
    longest_pause_seconds: float = Field(default=300, gt=0)
    """Longest pause between retries when a receiver does not answer."""


class Webhooks(Section):
    """Sending events of repositories and organisations to other systems."""

    hosts: tuple[str, ...] = ()
    """Names of the only hosts that webhooks may reach; `*.ci.example` stands for all below it.
    Empty: every host whose addresses may be reached."""
    plain_http_hosts: tuple[str, ...] = ()
    """Hosts that may be reached over plain HTTP, which anybody on the way can read."""
    private_addresses: bool = False
    """Whether webhooks may lead to private, loopback and link-local addresses."""
    authorities_file: str = ""
    """Certificates (PEM) of authorities that are trusted in addition to the system's."""
    seconds: float = Field(default=10, gt=0, le=60)
    """Timeout for one delivery."""
    retry_hours: float = Field(default=24, ge=0, le=24 * 14)
    """How long after an event a failed delivery is retried."""
    disable_after: int = Field(default=20, ge=1)
    """A webhook is disabled after this many deliveries in a row were given up."""
    keep_days: float = Field(default=30, gt=0)
    """How long deliveries are kept, with requests and answers."""


class Rulesets(Section):
    """Rules for branches, tags and pushes."""

    keep_findings_days: float = Field(default=90, gt=0)
    """How long findings of rulesets on trial are kept: what they would have refused."""


class Mail(Section):
    """Sending notifications by e-mail."""

    host: str = ""
    """SMTP server that sends e-mail; empty: none is sent."""
    port: int = Field(default=587, ge=1, le=65535)
    """Port of the mail server: 587 with STARTTLS, 465 with TLS, 25 without either."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection to the mail server is encrypted. `none` is for a server on this
    machine."""
    user: str = ""
    """User name at the mail server; empty: no authentication."""
    password: SecretStr = Field(default=SecretStr(""), validate_default=False)
    """Password of that user."""
    from_address: str = ""
    """Sender address; empty: codara@ the host of server.url."""
    authorities_file: str = ""
    """Certificates (PEM) of authorities that are trusted in addition to the system's."""
    seconds: float = Field(default=20, gt=0, le=120)
    """Timeout for one answer of the mail server."""
    keep_days: float = Field(default=30, gt=0)
    """How long it is remembered which e-mails were sent; their text is never kept."""


class Witnesses(Section):
    """Witnesses that cosign the states of the audit log, and time stamps."""

    every_seconds: float = Field(default=60, ge=1)
    """Shortest time between two requests to a witness about one log."""
    schemes: tuple[Literal["https", "http"], ...] = ("https", "http")
    """Address schemes of witnesses and time-stamping authorities. What they sign needs no secrecy,
    and their signatures show who it was."""
    private_addresses: bool = False
    """Whether they may be on private, loopback and link-local addresses."""
    authorities_file: str = ""
    """Certificates (PEM) of authorities that are trusted in addition to the system's."""
    seconds: float = Field(default=15, gt=0, le=300)
    """Timeout for one answer of a witness or an authority."""
    overdue_hours: float = Field(default=24, gt=0)
    """Hours without enough signatures after which administrators are alerted."""
    time_stamp_url: str = ""
    """The authority that stamps the newest state of each log once a day (RFC 3161); empty: none."""
    time_stamp_roots_file: str = ""
    """Certificates (PEM) of the authorities whose stamps are kept; empty: any stamp is kept, and
    whoever verifies it decides which authority to trust."""


class Telemetry(Section):
    """Logs and traces."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Lowest level of messages that are written."""
    traces_endpoint: str = ""
    """OpenTelemetry collector (OTLP over HTTP); empty means no traces."""
