"""Libraries that are there and are not to be found for a while."""

import importlib
import sys

import pytest

from appliance import late


def test_what_is_not_to_be_found_is_found_again_afterwards():
    sys.modules.pop("sndhdr", None)

    with late.without(["sndhdr"]), pytest.raises(ModuleNotFoundError):
        importlib.import_module("sndhdr")

    assert "sndhdr" not in sys.modules


def test_what_was_imported_before_stays():
    with late.without(["json"]):
        assert importlib.import_module("json") is sys.modules["json"]

    assert sys.modules["json"] is not None
