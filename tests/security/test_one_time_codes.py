"""Codes that change with the time, and recovery codes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from appliance.security import one_time_codes
from tests.world import NOON

PUBLISHED = b"12345678901234567890"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_codes_are_those_of_the_standard(seconds, code):
    # RFC 6238, appendix B: the last six of its eight digits.
    at = datetime.fromtimestamp(seconds, UTC)
    assert one_time_codes.code_at(PUBLISHED, at) == code
    assert one_time_codes.step_of(PUBLISHED, code, now=at) == seconds // 30


@pytest.mark.parametrize(("off", "counts"), [(-30, True), (30, True), (-60, False), (60, False)])
def test_a_clock_may_be_half_a_minute_off(off, counts):
    code = one_time_codes.code_at(PUBLISHED, NOON + timedelta(seconds=off))
    assert (one_time_codes.step_of(PUBLISHED, code, now=NOON) is not None) == counts


@pytest.mark.parametrize(
    "typed", ["", "28708", "2870823", "abcdef", "\u0662\u0668\u0667\u0660\u0668\u0662", "\ud800"]
)
def test_what_is_no_code_counts_never(typed):
    assert one_time_codes.step_of(PUBLISHED, typed, now=datetime.fromtimestamp(59, UTC)) is None


def test_apps_learn_the_secret_by_an_address_that_all_of_them_read():
    said = one_time_codes.address(b"1" * 20, name="writer", issuer="Our:Lab")
    secret = "GEYTCMJRGEYTCMJRGEYTCMJRGEYTCMJR"
    assert said == f"otpauth://totp/Our%20Lab:writer?secret={secret}&issuer=Our%20Lab"


def test_codes_for_emergencies_are_many_and_read_as_they_are_typed():
    codes = one_time_codes.new_recovery_codes()
    assert len(set(codes)) == 10
    assert all(len(one_time_codes.plain(code)) == 12 for code in codes)
    assert one_time_codes.plain(f" {codes[0].upper()} ") == codes[0].replace("-", "")
