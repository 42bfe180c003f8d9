"""Every setting, typed, with its default and the reason for it. Read once, here.

One TOML file and the environment: the key `limits.push_size_bytes` is `[limits] push_size_bytes`
in the file and `CODARA_LIMITS__PUSH_SIZE_BYTES` outside; a secret may come from a file named by
`KEY_file` (`CODARA_DATABASE__URL_FILE`). The environment wins over the file.
"""

from __future__ import annotations

import difflib
import json
import os
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from appliance.errors import SettingsError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB

ENVIRONMENT_PREFIX = "CODARA_"
# Read by the scripts, the command line and the hooks themselves; they are no settings.
NOT_SETTINGS = frozenset(
    {
        *("CODARA_HOME", "CODARA_CONFIG", "CODARA_ADMIN_PASSWORD"),
        *("CODARA_URL", "CODARA_TOKEN"),
        *("CODARA_PUSH", "CODARA_SOCKET", "CODARA_INTERNAL"),
    }
)


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
    trusted_proxies: int = Field(default=0, ge=0, le=4)
    """How many proxies stand in front; so many X-Forwarded-For entries are believed."""
    name: str = "Codara"
    """What the portal calls this appliance in its titles."""
    metrics_addresses: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    """Networks that may read /metrics."""


class Database(Section):
    """Where the records are."""

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
    """What carries jobs."""

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
    elevation_seconds: int = Field(default=15 * 60, ge=30)
    """How long a confirmed password allows sensitive acts."""
    reset_link_seconds: int = Field(default=24 * 3600, ge=60)
    """How long an administrator's one-time link to set a password works."""
    password_over_git: bool = False
    """Whether Git over HTTPS accepts passwords. Tokens are always accepted."""
    argon2_memory_kib: int = Field(default=64 * KIB, ge=32)
    """Memory of one password hash (RFC 9106 second recommendation: 64 MiB)."""
    argon2_passes: int = Field(default=3, ge=1)
    """Passes of one password hash (RFC 9106 second recommendation: 3)."""


class Access(Section):
    """What the instance allows at all."""

    public_repositories: bool = False
    """Whether a repository may be visible to people who have not signed in."""
    users_create_organisations: bool = True
    """Whether every user may create an organisation, or administrators only."""
    token_lifetime_days: int = Field(default=365, ge=1, le=3650)
    """Longest life of an access token."""
    tokens_may_never_expire: bool = False
    """Whether a token without an end is allowed."""
    jwt_seconds: int = Field(default=600, ge=30, le=3600)
    """Life of the short-lived token that POST /auth/token gives."""


class Limits(Section):
    """Ceilings for everything that comes from outside."""

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
    """Longest a git program may work for a page."""
    transfer_seconds: float = 4 * 3600
    """Longest a clone or push may take."""
    search_results: int = 1000
    """Most results of one search."""
    repository_quota_bytes: int = 0
    """Room for one repository unless it has its own quota; 0 means no limit."""
    organisation_quota_bytes: int = 0
    """Room for all repositories of one organisation unless it has its own; 0 means no limit."""
    api_requests_per_minute: int = 600
    """API requests one actor may make in a minute."""
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


class Imports(Section):
    """Bringing repositories in."""

    schemes: tuple[Literal["https", "http"], ...] = ("https",)
    """Address schemes a repository may be imported from."""
    private_addresses: bool = False
    """Whether imports may reach private, loopback and link-local addresses. Local folders and
    bundles are for administrators at the console, whatever this says."""
    seconds: float = 6 * 3600
    """Longest an import may take."""


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
    """Certificates (PEM) of authorities that are believed beside those of the system."""
    certificate_file: str = ""
    """Certificate (PEM) that the appliance shows to receivers that ask for one."""
    certificate_key_file: str = ""
    """The key of that certificate, if it is in a file of its own."""
    folder: str = ""
    """Folder for streams that drop files; empty means that there are none."""
    seconds: float = Field(default=30, gt=0, le=300)
    """Longest that a receiver may take for one answer."""
    acknowledge_seconds: float = Field(default=60, gt=0, le=600)
    """Longest wait until a receiver says that it has indexed what it took."""
    longest_pause_seconds: float = Field(default=300, gt=0)
    """Longest pause before a receiver that did not answer is tried again."""


class Witnesses(Section):
    """Having the states of the audit log signed by others."""

    every_seconds: float = Field(default=60, ge=1)
    """How often at most a witness is asked about a log."""
    schemes: tuple[Literal["https", "http"], ...] = ("https", "http")
    """Address schemes of witnesses and time-stamping authorities. What they sign needs no secrecy,
    and their signatures show who it was."""
    private_addresses: bool = False
    """Whether they may be on private, loopback and link-local addresses."""
    overdue_hours: float = Field(default=24, gt=0)
    """After so long without enough signatures somebody is told."""
    time_stamp_url: str = ""
    """The authority that stamps the newest state of each log once a day (RFC 3161); empty: none."""
    time_stamp_roots_file: str = ""
    """Certificates (PEM) of the authorities whose stamps are kept; empty: any stamp is kept, and
    whoever verifies it decides whom to believe."""


class Telemetry(Section):
    """Logs and traces."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least serious messages that are written."""
    traces_endpoint: str = ""
    """OpenTelemetry collector (OTLP over HTTP); empty means no traces."""


class Settings(Section):
    """All of it."""

    server: Server = Server()
    database: Database = Database()
    queue: Queue = Queue()
    ssh: Ssh = Ssh()
    sign_in: SignIn = SignIn()
    access: Access = Access()
    limits: Limits = Limits()
    storage: Storage = Storage()
    imports: Imports = Imports()
    audit: Audit = Audit()
    streams: Streams = Streams()
    witnesses: Witnesses = Witnesses()
    telemetry: Telemetry = Telemetry()


def load(*, file: Path | None, environment: Mapping[str, str]) -> Settings:
    """The settings of `file`, overlaid with those of `environment`.

    Errors:
        SettingsError: names every file or variable and key that is wrong, and what to do.
    """
    tables = _read_file(file) if file is not None else {}
    if file is not None:
        _resolve_secret_files(tables, file)
        # Strict, so that `port = "8080"` or `embedded = 1` is told and not guessed.
        _check(tables, origins={}, otherwise=str(file), strict=True)
    origins = _overlay(tables, environment)
    return _check(tables, origins=origins, otherwise=str(file), strict=False)


def find_file(environment: Mapping[str, str], home: Path) -> Path | None:
    """The configuration file to use: $CODARA_CONFIG, or codara.toml in the home folder."""
    named = environment.get("CODARA_CONFIG")
    if named:
        return Path(named)
    candidate = home / "codara.toml"
    return candidate if candidate.exists() else None


def _read_file(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(
            f"{file} cannot be read: {error.strerror}. Name another file."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not TOML: {error}. Correct that line.") from error


def _resolve_secret_files(tables: dict[str, Any], file: Path) -> None:
    """Replace every `KEY_file = PATH` by `KEY = content of PATH`, for keys that are secrets."""
    for section, values in tables.items():
        if not isinstance(values, dict):
            continue
        for key, value in list(values.items()):
            secret = key.removesuffix("_file")
            if not _is_secret(section, secret):
                continue
            if key != secret:
                values[secret] = _read_secret(
                    Path(str(values.pop(key))), f"{file}: {section}.{key}"
                )
            elif value:
                _insist_on_privacy(file, f"{file}: {section}.{key} is a secret, and")


def _read_secret(path: Path, where: str) -> str:
    try:
        _insist_on_privacy(path, f"{where}:")
        return path.read_text("utf-8").strip()
    except OSError as error:
        raise SettingsError(
            f"{where}: {path} cannot be read: {error.strerror}. Name a file this account can read."
        ) from error


def _insist_on_privacy(path: Path, where: str) -> None:
    """Refuse a file that holds a secret and that other accounts can read or change."""
    if path.stat().st_mode & (stat.S_IRWXO | stat.S_IWGRP):
        raise SettingsError(
            f"{where} {path} can be read or changed by others. Run: chmod 600 {path}"
        )


def _overlay(tables: dict[str, Any], environment: Mapping[str, str]) -> dict[str, str]:
    """Lay the environment's settings over the file's; gives the variable behind each key."""
    origins: dict[str, str] = {}
    for name, value in sorted(environment.items()):
        if not name.startswith(ENVIRONMENT_PREFIX) or name in NOT_SETTINGS:
            continue
        section, separator, key = name.removeprefix(ENVIRONMENT_PREFIX).lower().partition("__")
        if not separator:
            raise SettingsError(
                f"environment: {name} is no setting. Settings look like CODARA_SECTION__KEY; "
                "unset it or correct its name."
            )
        setting, content = key, value
        if key.endswith("_file") and _is_secret(section, key.removesuffix("_file")):
            setting = key.removesuffix("_file")
            content = _read_secret(Path(value), f"environment: {name}")
        origins[f"{section}.{setting}"] = name
        table = tables.setdefault(section, {})
        table[setting] = _parse_list(content) if _is_list(section, setting) else content
    return origins


def _field(section: str, key: str) -> FieldInfo | None:
    """The declaration of one setting, if there is such a setting."""
    owner = Settings.model_fields.get(section)
    if owner is None or not isinstance(owner.annotation, type):
        return None
    fields: dict[str, FieldInfo] = owner.annotation.model_fields
    return fields.get(key)


def _is_secret(section: str, key: str) -> bool:
    field = _field(section, key)
    return field is not None and field.annotation is SecretStr


def _is_list(section: str, key: str) -> bool:
    field = _field(section, key)
    return field is not None and str(field.annotation).startswith("tuple")


def _parse_list(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


def _check(
    tables: dict[str, Any], *, origins: dict[str, str], otherwise: str, strict: bool
) -> Settings:
    try:
        # As JSON, because there a list is the only spelling of a tuple.
        return Settings.model_validate_json(json.dumps(tables, default=str), strict=strict)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        raise SettingsError(
            "\n".join(_explain(problem, origins, otherwise) for problem in problems)
        ) from error


def _explain(problem: ErrorDetails, origins: dict[str, str], otherwise: str) -> str:
    key = ".".join(str(part) for part in problem["loc"][:2])
    named = sorted(
        variable for place, variable in origins.items() if f"{place}.".startswith(f"{key}.")
    )
    variable = ", ".join(named)
    what = f"environment: {variable}" if variable else f"{otherwise}: {key}"
    if problem["type"] == "extra_forbidden":
        return f"{what} is no setting.{_suggest(key)} config/README.md lists them all."
    reason = problem["msg"].removeprefix("Input should be ").replace("an object", "a table")
    return f"{what} should be {reason}. config/README.md says what it takes."


def _suggest(key: str) -> str:
    """The setting that was probably meant."""
    known = [
        f"{section}.{name}"
        for section, owner in Settings.model_fields.items()
        if isinstance(owner.annotation, type)
        for name in owner.annotation.model_fields
    ]
    near = difflib.get_close_matches(key, [*known, *Settings.model_fields], n=1)
    return f" Did you mean {near[0]}?" if near else ""


def from_process(home: Path) -> Settings:
    """The settings of this process: its environment and the file that names."""
    environment = dict(os.environ)
    return load(file=find_file(environment, home), environment=environment)
