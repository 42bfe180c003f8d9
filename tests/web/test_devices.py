"""What a browser says of itself, in words that people know."""

from __future__ import annotations

import pytest

from appliance.web import devices

LINUX = "Mozilla/5.0 (X11; Linux x86_64)"
NAMED = {
    f"{LINUX} AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36": (
        "Chrome 156, Linux"
    ),
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0": (
        "Firefox 130, Windows"
    ),
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/17.5 Mobile/15E148 Safari/604.1": "Safari 17, iPhone",
    f"{LINUX} AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36 Edg/126.0.1": "Edge 126, Linux",
    "curl/8.9.1": "curl 8",
    "test": "",
    "": "",
}


@pytest.mark.parametrize("user_agent", NAMED)
def test_a_browser_is_called_what_people_call_it(user_agent):
    assert devices.named(user_agent) == NAMED[user_agent]
