"""`codara scan`: what is scanned, and what is known of vulnerabilities."""

from __future__ import annotations

import click

from appliance.cli import (
    scan_duplicates,
    scan_explain,
    scan_feed_files,
    scan_feeds,
    scan_patterns,
    scan_reports,
    scan_secrets,
    scan_suppressions,
)
from appliance.cli.context import Noun


@click.group(cls=Noun)
def scan() -> None:
    """Secrets in repositories and pushes, feeds of advisories, and reports of other tools."""


@scan.group(cls=Noun)
def feed() -> None:
    """Feeds of advisories: bring, show, use and make them.

    On the appliance: import, list, show, use, discard, restore, keys, trust. On any machine, which
    needs no appliance: key, root, build, sign.
    """


for command in (
    *(scan_feeds.bring, scan_feeds.list_feeds, scan_feeds.show, scan_feeds.use),
    *(scan_feeds.discard, scan_feeds.restore, scan_feeds.keys, scan_feeds.trust),
    *(scan_feed_files.key, scan_feed_files.root, scan_feed_files.build, scan_feed_files.sign),
):
    feed.add_command(command)

for other in (
    *(scan_secrets.repo, scan_secrets.blocked, scan_secrets.bypass, scan_secrets.policy),
    *(scan_reports.upload, scan_patterns.pattern, scan_duplicates.duplicates),
    *(scan_suppressions.suppressions, scan_suppressions.check_file),
    scan_explain.explain,
):
    scan.add_command(other)
