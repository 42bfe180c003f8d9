"""Records in the OSV format as feeds have them: their fields, lengths and shares of real ones."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from random import Random
from typing import Any

SHARES = {"npm": 0.72, "PyPI": 0.08, "Maven": 0.05, "Go": 0.04, "Packagist": 0.04}
SHARES |= {"crates.io": 0.02, "RubyGems": 0.02, "NuGet": 0.03}
MALICIOUS = 0.9
"""Of npm's: most of its records are of packages that were made to harm."""
SCORED = 326_000
VECTORS = tuple(
    f"CVSS:3.1/AV:{av}/AC:{ac}/PR:{pr}/UI:{ui}/S:U/C:{c}/I:{i}/A:{a}"
    for av in "NALP"
    for ac in "LH"
    for pr in "NLH"
    for ui in "NR"
    for c in "HLN"
    for i in "HLN"
    for a in "HL"
)
WORDS = ("A flaw in the parser lets attackers read what is not theirs. ", "Upgrade soon. ") * 8


def write(folder: Path, count: int, chance: Random) -> list[str]:
    """A folder for a feed: a zip for each ecosystem, and scores; gives the paths."""
    (folder / "osv").mkdir(parents=True)
    paths = []
    for ecosystem, share in SHARES.items():
        path = f"osv/{ecosystem}.zip"
        with zipfile.ZipFile(folder / path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for number in range(int(count * share)):
                record = one(ecosystem, number, chance)
                archive.writestr(f"{record['id']}.json", json.dumps(record))
        paths.append(path)
    (folder / "epss.csv").write_text(_scores(min(SCORED, count * 2), chance), "utf-8")
    return [*paths, "epss.csv"]


def one(ecosystem: str, number: int, chance: Random) -> dict[str, Any]:
    """A record: of a malicious package, or of a flaw in one that has versions."""
    kind = ecosystem.replace(".", "").lower()
    if ecosystem == "npm" and chance.random() < MALICIOUS:
        return _malicious(ecosystem, f"bad-{kind}-{number}", f"MAL-2026-{kind}-{number}")
    name = f"{kind}-{number // 2}"
    if ecosystem == "Maven":
        name = f"org.example:{name}"
    fixed = f"{chance.randint(1, 9)}.{chance.randint(0, 20)}.{chance.randint(0, 9)}"
    versions = [f"1.{each}.0" for each in range(chance.randint(0, 40))]
    return {
        "schema_version": "1.7.0",
        "id": f"GHSA-{kind}-{number}",
        "modified": "2026-02-01T00:00:00Z",
        "published": "2026-01-01T00:00:00Z",
        "aliases": [f"CVE-2025-{100_000 + hash_of(kind, number)}"],
        "summary": f"{name} does what it should not",
        "details": "".join(WORDS),
        "severity": [{"type": "CVSS_V3", "score": chance.choice(VECTORS)}],
        "affected": [
            {
                "package": {"ecosystem": ecosystem, "name": name},
                "ranges": [
                    {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}
                ],
                "versions": versions if ecosystem in {"PyPI", "Maven"} else [],
            }
        ],
        "references": [
            {"type": "WEB", "url": f"https://example.org/{kind}/{number}/{at}"} for at in range(5)
        ],
        "database_specific": {"severity": "HIGH", "cwe_ids": ["CWE-79"]},
    }


def hash_of(kind: str, number: int) -> int:
    """A number that no other record has."""
    return number * len(SHARES) + [each.replace(".", "").lower() for each in SHARES].index(kind)


def _malicious(ecosystem: str, name: str, identifier: str) -> dict[str, Any]:
    return {
        "schema_version": "1.7.0",
        "id": identifier,
        "modified": "2026-02-01T00:00:00Z",
        "published": "2026-01-01T00:00:00Z",
        "summary": f"Malicious code in {name} ({ecosystem})",
        "details": "Any computer that has this package should be considered compromised. " * 6,
        "affected": [
            {
                "package": {"ecosystem": ecosystem, "name": name},
                "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}],
                "database_specific": {"cwes": [{"cweId": "CWE-506"}]},
            }
        ],
        "credits": [{"name": "a scanner", "type": "FINDER"}],
        "database_specific": {"malicious-packages-origins": [{"source": "a scanner"}]},
    }


def _scores(count: int, chance: Random) -> str:
    lines = ["#model_version:v2026,score_date:2026-02-01T00:00:00Z", "cve,epss,percentile"]
    lines += [f"CVE-2025-{100_000 + at},{chance.random():.5f},0.5" for at in range(count)]
    return "\n".join(lines) + "\n"
