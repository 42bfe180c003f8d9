"""What gunicorn loads: the application of the home folder that CODARA_HOME names."""

from __future__ import annotations

import os
from pathlib import Path

from appliance import logs, settings, wiring
from appliance.web.app import create_app

home = Path(os.environ.get("CODARA_HOME", "var"))
present_settings = settings.from_process(home)
logs.configure(present_settings.telemetry.log_level)
application = create_app(wiring.build(home, present_settings))
