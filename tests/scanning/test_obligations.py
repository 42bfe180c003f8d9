"""What licences ask for is put together, and what nobody knows of is said."""

from __future__ import annotations

import pytest

from appliance.domain.components import Component, Ecosystem, Scope
from appliance.scanning.licences import expressions, spdx
from appliance.scanning.licences.obligations import DUTIES, Duty, notice, owed


def component(name, licence, scope=Scope.RUNTIME):
    return Component(Ecosystem.NPM, name, "1.0.0", 1, scope, licence=licence)


@pytest.mark.parametrize(
    ("licence", "duties"),
    [
        ("MIT", {Duty.COPYRIGHT_NOTICE}),
        ("Apache 2", {Duty.COPYRIGHT_NOTICE, Duty.NOTICE_FILE, Duty.STATE_CHANGES}),
        ("MIT OR GPL-3.0", {Duty.COPYRIGHT_NOTICE}),
        ("MIT AND MPL-2.0", {Duty.COPYRIGHT_NOTICE, Duty.SOURCE_OF_FILES}),
        ("Whatever OR MIT", {Duty.COPYRIGHT_NOTICE}),
        ("Whatever AND MIT", None),
        ("Whatever", None),
        ("", None),
        ("Unlicense", set()),
    ],
)
def test_duties_follow_from_the_licence(licence, duties):
    (found,) = owed([component("a", licence)])

    assert found.duties == duties


def test_what_is_needed_for_development_alone_stays_at_home():
    lock = [component("b", "MIT"), component("a", "ISC"), component("c", "MIT", Scope.DEVELOPMENT)]

    assert [each.component.name for each in owed(lock)] == ["a", "b"]


def test_the_notice_names_all_and_says_what_has_to_be_looked_at():
    items = owed([component("a", "MIT"), component("b", "Odd words"), component("c", "")])

    assert notice("Notes", items) == (
        "Notes contains components of others, under their own licences.\n"
        "\n"
        "  a 1.0.0: MIT\n"
        "\n"
        "What these ask for has to be looked at:\n"
        "\n"
        "  b 1.0.0: Odd words\n"
        "  c 1.0.0: no licence is known\n"
    )


def test_the_table_names_licences_as_they_are_spelt():
    names = [name for name in DUTIES if " WITH " not in name]

    assert [name for name in names if spdx.licences().get(name.lower()) != name] == []
    assert [name for name in DUTIES if str(expressions.read(name)) != name] == []
