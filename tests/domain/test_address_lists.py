"""Networks from which somebody may come."""

from __future__ import annotations

import pytest

from appliance.domain import address_lists
from appliance.errors import InvalidError

LISTED = ["192.0.2.0/24", "2001:db8::/32", "198.51.100.7/32"]


@pytest.mark.parametrize(
    ("address", "is_in"),
    [
        ("192.0.2.1", True),
        ("192.0.3.1", False),
        ("198.51.100.7", True),
        ("198.51.100.8", False),
        ("2001:db8:1::1", True),
        ("2001:db9::1", False),
        ("::ffff:192.0.2.1", True),
        ("::ffff:192.0.3.1", False),
        ("", False),
        ("localhost", False),
        ("192.0.2.1, 10.0.0.1", False),
    ],
)
def test_an_address_is_in_a_list_or_not(address, is_in):
    assert address_lists.holds(LISTED, address) == is_in


def test_networks_are_kept_in_one_spelling_and_once():
    given = ["192.0.2.7/24", " 192.0.2.0/24", "198.51.100.7", "2001:DB8::/32"]
    assert address_lists.networks(given) == ["192.0.2.0/24", "198.51.100.7/32", "2001:db8::/32"]


@pytest.mark.parametrize("network", ["", "office", "192.0.2.0/33", "192.0.2", "192.0.2.0-9"])
def test_what_is_no_network_is_refused(network):
    with pytest.raises(InvalidError, match="is not a network"):
        address_lists.networks([network])


def test_a_list_has_an_end():
    with pytest.raises(InvalidError, match="at most 200"):
        address_lists.networks([f"192.0.2.{n % 256}/32" for n in range(201)])


@pytest.mark.parametrize(
    ("network", "is_covered"),
    [("192.0.2.128/25", True), ("192.0.0.0/16", False), ("2001:db8:1::/48", True), ("::/0", False)],
)
def test_a_network_lies_within_a_list_or_not(network, is_covered):
    assert address_lists.covers(LISTED, network) == is_covered
