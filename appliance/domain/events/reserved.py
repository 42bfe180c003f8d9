"""Actions of the published vocabulary whose features are not built yet; nothing records them.

An action that is recorded is a class. A test insists that each class is recorded somewhere, and
that no action is declared in both ways.
"""

from __future__ import annotations

from appliance.domain.events import reserved_governance, reserved_people, reserved_work

ROWS = (*reserved_governance.ROWS, *reserved_people.ROWS, *reserved_work.ROWS)
