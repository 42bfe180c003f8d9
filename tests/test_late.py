"""Libraries that are there and are not to be found for a while."""

import importlib
import sys

import pytest

from appliance import late

SELDOM = "colorsys"
"""A module of every Python that nothing else here imports."""


def test_what_is_not_to_be_found_is_found_again_afterwards():
    sys.modules.pop(SELDOM, None)

    with late.without([SELDOM]), pytest.raises(ModuleNotFoundError):
        importlib.import_module(SELDOM)

    assert importlib.import_module(SELDOM) is sys.modules[SELDOM]


def test_what_was_imported_before_stays():
    with late.without(["json"]):
        assert importlib.import_module("json") is sys.modules["json"]

    assert sys.modules["json"] is not None
