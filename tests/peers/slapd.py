"""A private OpenLDAP server with TLS, groups within groups, and a password policy."""

from __future__ import annotations

import ipaddress
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.peers.server import find_program, free_port, running, wait_for

BASE = "dc=lab,dc=example"
SERVICE = f"cn=service,{BASE}"
READER = f"cn=reader,{BASE}"
"""Whom the server's limits hold for, with the usual password; for the service account none do."""
SERVICE_PASSWORD = "the service account's own"
PASSWORD = "a long password of there"
MIB = 1024 * 1024
SCHEMAS = ("core", "cosine", "inetorgperson")

CONFIGURATION = """
{schemas}
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
moduleload memberof
pidfile {folder}/slapd.pid
TLSCACertificateFile {folder}/root.pem
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
disallow bind_anon
sizelimit size.soft=20 size.hard=20 size.prtotal={in_all}
database mdb
maxsize {size}
suffix "{base}"
directory {folder}/db
dbnosync
index objectClass,uid,member,entryUUID eq
rootdn "{service}"
rootpw "{password}"
overlay ppolicy
ppolicy_default "cn=policy,{base}"
ppolicy_use_lockout
overlay memberof
memberof-refint TRUE
"""

ENTRIES = """
dn: {base}
objectClass: domain
dc: lab

dn: cn=policy,{base}
objectClass: device
objectClass: pwdPolicy
cn: policy
pwdAttribute: userPassword
pwdMustChange: TRUE
pwdLockout: TRUE
pwdMaxFailure: 3

dn: cn=reader,{base}
objectClass: device
objectClass: simpleSecurityObject
cn: reader
userPassword: {person_password}

dn: ou=people,{base}
objectClass: organizationalUnit
ou: people

dn: ou=groups,{base}
objectClass: organizationalUnit
ou: groups
"""


@dataclass(frozen=True)
class Directory:
    """A directory that answers."""

    folder: Path
    plain: str
    encrypted: str
    root: str
    """Who signed its certificate, in PEM."""

    def settings(self, **other: Any) -> dict[str, Any]:
        """What a provider is told to read it."""
        return {
            "servers": [self.encrypted],
            "authority": self.root,
            "bind_name": SERVICE,
            "bind_password": SERVICE_PASSWORD,
            "user_base": f"ou=people,{BASE}",
            "group_base": f"ou=groups,{BASE}",
            **other,
        }

    def person(self, name: str, *lines: str, rdn: str = "") -> str:
        """Put somebody there, with these lines beside the usual; gives their DN."""
        dn = f"{rdn or f'uid={name}'},ou=people,{BASE}"
        self._say(_person(dn, name, *lines))
        return dn

    def people(self, *names: str) -> list[str]:
        """Put several there at once; gives their DNs."""
        found = [f"uid={name},ou=people,{BASE}" for name in names]
        self._say("\n".join(_person(dn, name) for dn, name in zip(found, names, strict=True)))
        return found

    def group(self, name: str, *members: str) -> str:
        """Make a group of these DNs; gives its own."""
        dn = f"cn={name},ou=groups,{BASE}"
        listed = [f"member: {each}" for each in members]
        self._modify("add", dn, "objectClass: groupOfNames", f"cn: {name}", *listed)
        return dn

    def change(self, dn: str, *lines: str) -> None:
        """Change an entry as ldapmodify(1) says it."""
        self._modify("modify", dn, *lines)

    def delete(self, dn: str) -> None:
        """Take an entry away."""
        self._modify("delete", dn)

    def rename(self, dn: str, rdn: str) -> None:
        """Give an entry another name."""
        self._modify("modrdn", dn, f"newrdn: {rdn}", "deleteoldrdn: 0")

    def _modify(self, kind: str, dn: str, *lines: str) -> None:
        self._say("\n".join((f"dn: {dn}", f"changetype: {kind}", *lines, "")))

    def _say(self, changes: str) -> None:
        words = [find_program("ldapmodify"), "-x", "-e", "relax", "-H", self.plain]
        words += ["-D", SERVICE, "-w", SERVICE_PASSWORD]
        done = subprocess.run(words, input=changes, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def _person(dn: str, name: str, *lines: str) -> str:
    usual = ("objectClass: inetOrgPerson", f"uid: {name}", f"sn: {name}", f"cn: {name}")
    return "\n".join(
        (f"dn: {dn}", "changetype: add", *usual, f"userPassword: {PASSWORD}", *lines, "")
    )


@contextmanager
def start_slapd(
    entries_in_all: int = 0, *, more: str = "", size: int = 64 * MIB
) -> Generator[Directory]:
    """Run a directory with nobody in it but `more`, in LDIF; `size` is its room in bytes.
    `entries_in_all` is after how many entries it ends an answer in pages, whatever is left; 0:
    never.
    """
    with tempfile.TemporaryDirectory(prefix="slapd-") as place:
        folder = Path(place)
        root = make_certificates(folder)
        values = {
            "folder": folder,
            "base": BASE,
            "service": SERVICE,
            "password": SERVICE_PASSWORD,
            "in_all": entries_in_all or "unlimited",
            "size": size,
            "person_password": PASSWORD,
        }
        schemas = "\n".join(f"include /etc/ldap/schema/{each}.schema" for each in SCHEMAS)
        file = folder / "slapd.conf"
        file.write_text(CONFIGURATION.format(schemas=schemas, **values))
        (folder / "db").mkdir()
        (folder / "start.ldif").write_text(ENTRIES.format(**values) + more)
        words = [find_program("slapadd"), "-q", "-f", file, "-l", folder / "start.ldif"]
        subprocess.run(words, check=True, capture_output=True)
        ports = free_port(), free_port()
        plain, encrypted = (
            f"{scheme}://127.0.0.1:{port}"
            for scheme, port in zip(("ldap", "ldaps"), ports, strict=True)
        )
        command = [find_program("slapd"), "-d", "sync,stats", "-f", file]
        command += ["-h", f"{plain} {encrypted}"]
        with running(command, ready="slapd starting"):
            wait_for(*ports)  # It says so before it listens.
            yield Directory(folder, plain, encrypted, root)


def make_certificates(folder: Path, address: str = "127.0.0.1") -> str:
    """An authority and a server's certificate for an address, in a folder; gives the authority."""
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca = x509.BasicConstraints(ca=True, path_length=None)
    root = _certificate("Root", root_key, "Root", root_key, ca)
    name = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    server = _certificate("Server", key, "Root", root_key, name)
    (folder / "root.pem").write_bytes(root)
    (folder / "server.pem").write_bytes(server)
    (folder / "server.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return root.decode()


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    by: str,
    by_key: ec.EllipticCurvePrivateKey,
    extension: x509.ExtensionType,
) -> bytes:
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, by)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
    )
    return made.sign(by_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
