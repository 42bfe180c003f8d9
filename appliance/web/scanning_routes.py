"""Pages and endpoints of scanning: alerts, suspicious activity, dependencies, duplicates, feeds,
licences, reports, push protection.
"""

from __future__ import annotations

from appliance.web.api import activity as api_activity
from appliance.web.api import alert_overview as api_alert_overview
from appliance.web.api import alerts as api_alerts
from appliance.web.api import bills as api_bills
from appliance.web.api import code_scanning as api_code_scanning
from appliance.web.api import dependencies as api_dependencies
from appliance.web.api import dependency_files as api_dependency_files
from appliance.web.api import duplicates as api_duplicates
from appliance.web.api import feeds as api_feeds
from appliance.web.api import licences as api_licences
from appliance.web.api import push_protection as api_push_protection
from appliance.web.api import sarif as api_sarif
from appliance.web.api import secret_patterns as api_secret_patterns
from appliance.web.api import suppressions as api_suppressions
from appliance.web.pages import (
    activity,
    admin_feeds,
    alert_overview,
    alert_policy,
    alerts,
    dependencies,
    duplicates,
    licences,
    push_protection,
)

API = (
    api_activity.api,
    api_alert_overview.api,
    api_alerts.api,
    api_bills.api,
    api_code_scanning.api,
    api_dependencies.api,
    api_dependency_files.api,
    api_duplicates.api,
    api_feeds.api,
    api_licences.api,
    api_push_protection.api,
    api_sarif.api,
    api_secret_patterns.api,
    api_suppressions.api,
)
PEOPLE = (
    activity.pages,
    admin_feeds.pages,
    alert_overview.pages,
    alert_policy.pages,
    duplicates.across,
    licences.across,
    push_protection.pages,
)
REPOSITORIES = (
    alerts.pages,
    dependencies.pages,
    duplicates.pages,
    licences.pages,
)
