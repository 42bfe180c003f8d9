"""Pages: nothing twice, nothing missing, whatever is added or removed between them."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from appliance.db.organisations import Organisation
from appliance.db.paging import LARGEST_LIMIT, only, page
from appliance.db.users import Owner
from appliance.domain.identity import appliance
from appliance.errors import InvalidError
from tests.world import NOON

KEYS = {
    "by name": (Owner.name_key,),
    "by time": (Organisation.created_at, Organisation.id),
    "by id": (Organisation.id,),
}


def walk(world, keys, limit, *, newest_first=False):
    """All pages, as lists of names."""
    query = sa.select(Organisation).join(Owner, Owner.id == Organisation.id)
    after, pages = None, []
    while True:
        with world.reading(appliance()) as work:
            found = page(
                work.session,
                query,
                *keys,
                make=only,
                after=after,
                limit=limit,
                newest_first=newest_first,
            )
        pages.append([each.name for each in found.items])
        after = found.next
        if after is None:
            return pages


@pytest.fixture
def five(world):
    """Five organisations; the first three were made at the same moment."""
    for number, minutes in enumerate((0, 0, 0, 1, 2)):
        world.organisation(f"lab-{number}")
        moment = NOON + timedelta(minutes=minutes, microseconds=1)
        with world.wiring.database.engine.begin() as connection:
            connection.execute(
                sa.update(Organisation)
                .where(Organisation.name == f"lab-{number}")
                .values(created_at=moment)
            )
    return world


@pytest.mark.parametrize("keys", KEYS)
@pytest.mark.parametrize("limit", [1, 2, 5, 6])
def test_every_item_is_on_one_page(five, keys, limit):
    names = [f"lab-{number}" for number in range(5)]
    pages = walk(five, KEYS[keys], limit)
    assert [name for part in pages for name in part] == names
    assert all(len(part) == limit for part in pages[:-1])
    backwards = walk(five, KEYS[keys], limit, newest_first=True)
    assert [name for part in backwards for name in part] == names[::-1]


def test_what_comes_and_goes_between_pages_moves_nothing(five):
    query = sa.select(Organisation).join(Owner, Owner.id == Organisation.id)
    with five.reading(appliance()) as work:
        first = page(work.session, query, Owner.name_key, make=only, limit=3)
    five.organisation("aaa")
    with five.wiring.database.engine.begin() as connection:
        connection.execute(sa.delete(Organisation).where(Organisation.name == "lab-2"))
    with five.reading(appliance()) as work:
        rest = page(work.session, query, Owner.name_key, make=only, after=first.next)
    assert [each.name for each in rest.items] == ["lab-3", "lab-4"]


@pytest.mark.parametrize("limit", [0, -1, LARGEST_LIMIT + 1])
def test_a_page_has_a_sensible_size(world, limit):
    with pytest.raises(InvalidError), world.reading(appliance()) as work:
        page(work.session, sa.select(Owner), Owner.id, make=only, limit=limit)


@given(after=st.text() | st.sampled_from(["[]", "[1]", '["x"]', '["a","b"]', "{}", "null", "[[]]"]))
@pytest.mark.parametrize("key", [Owner.id, Organisation.created_at])
def test_nonsense_is_no_place_in_a_list(key, after):
    with pytest.raises(InvalidError), Session() as session:
        page(session, sa.select(key), key, make=only, after=after)
