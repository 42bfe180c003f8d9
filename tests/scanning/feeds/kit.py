"""Feeds to test with: keys, roots, and folders that become bundles."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from appliance.scanning.feeds.roots import Root
from appliance.security import envelopes
from appliance.services import feed_building
from appliance.services.feed_building import Plan, RootPlan

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
A_MONTH = timedelta(days=30)


def record(name: str, *packages: tuple[str, str, str], **further: Any) -> dict[str, Any]:
    """An advisory; each package is ecosystem, name and the version that fixes it."""
    return {
        "schema_version": "1.7.0",
        "id": name,
        "modified": "2026-02-01T00:00:00Z",
        "summary": f"{name} in short",
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        "affected": [
            {
                "package": {"ecosystem": ecosystem, "name": package},
                "ranges": [
                    {
                        "type": "ECOSYSTEM",
                        "events": [{"introduced": "0"}, {"fixed": fixed}],
                    }
                ],
            }
            for ecosystem, package, fixed in packages
        ],
        **further,
    }


def zipped(records: list[dict[str, Any]]) -> bytes:
    """A zip of records, as OSV publishes one for each ecosystem."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in records:
            archive.writestr(f"{each['id']}.json", json.dumps(each))
    return out.getvalue()


@dataclass
class Publisher:
    """Who makes feeds: three keys, of which two must sign. Its state is in a folder."""

    folder: Path
    keys: list[Path] = field(default_factory=list)
    publics: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for number in range(3):
            key = self.folder / f"key-{number}.pem"
            self.publics.append(feed_building.new_key(key))
            self.keys.append(key)

    def root(self, number: int = 1, **said: Any) -> Root:
        """A root of all its keys."""
        plan = self._plan(number, **said)
        keys = tuple(map(envelopes.parse_public, plan.keys))
        return Root(plan.number, plan.threshold, keys, plan.made_at, plan.expires_at)

    def _plan(self, number: int = 1, **said: Any) -> RootPlan:
        known = {
            "threshold": 2,
            "keys": self.publics,
            "made_at": NOON,
            "expires_at": NOON + 12 * A_MONTH,
        }
        return RootPlan(number=number, **{**known, **said})

    def root_file(self, name: str = "root.json", signing: Any = None, **said: Any) -> Path:
        """The same in a file, signed."""
        file = self.folder / name
        keys = self.keys[:2] if signing is None else signing
        file.write_bytes(feed_building.root(self._plan(**said), keys))
        return file

    def bundle(
        self,
        records: dict[str, list[dict[str, Any]]],
        *,
        serial: int = 1,
        signing: Any = None,
        chain: Any = (),
        epss: str = "",
        kev: Any = None,
        raw: dict[str, bytes] | None = None,
        **said: Any,
    ) -> Path:
        """A bundle of these records by ecosystem."""
        folder = self.folder / f"feed-{serial}"
        (folder / "osv").mkdir(parents=True, exist_ok=True)
        for ecosystem, some in records.items():
            (folder / "osv" / f"{ecosystem}.zip").write_bytes(zipped(some))
        for path, content in (raw or {}).items():
            (folder / path).write_bytes(content)
        if epss:
            (folder / "epss.csv.gz").write_bytes(gzip.compress(epss.encode()))
        if kev is not None:
            rows = [
                {"cveID": each, "dateAdded": "2026-02-20", "dueDate": "2026-03-13"} for each in kev
            ]
            (folder / "kev.json").write_text(json.dumps({"vulnerabilities": rows}), "utf-8")
        known = {"made_at": NOON, "expires_at": NOON + A_MONTH}
        plan = Plan(folder, serial, **{**known, **said})
        to = self.folder / f"feed-{serial}.codara-feed"
        feed_building.build(plan, self.keys[:2] if signing is None else signing, list(chain), to)
        return to
