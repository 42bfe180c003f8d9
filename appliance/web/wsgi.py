"""What gunicorn loads: the application of the home folder that CODARA_HOME names."""

from __future__ import annotations

import os
from pathlib import Path

from babel import Locale

from appliance import logs, settings, wiring
from appliance.web.app import LOCALES, create_app
from appliance.web.compiled_templates import CompiledTemplates

home = Path(os.environ.get("CODARA_HOME", "var"))
present_settings = settings.from_process(home)
logs.configure(present_settings.telemetry.log_level)
objects = wiring.build(home, present_settings)
application = create_app(objects)
application.jinja_env.bytecode_cache = CompiledTemplates(objects.home.scratch / "templates")
# What every process would find out at its first request, all know from here.
application.url_map.update()
objects.database.prepare()
for locale in LOCALES:
    _ = Locale.parse(locale).text_direction  # It reads all that is known of the language.
