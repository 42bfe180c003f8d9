"""The tree and its proofs are those of RFC 6962, against a reader written from its text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import merkle, tiles
from tests.audit import naive

LEAVES = st.lists(st.binary(max_size=4), max_size=70)
SIZES = st.integers(1, 70)


def entries(size):
    return [b"entry %d" % n for n in range(size)]


def node_of(leaves):
    hashes = [merkle.leaf_hash(each) for each in leaves]
    return lambda level, at: merkle.root_of(hashes[at << level : (at + 1) << level])


@given(LEAVES)
def test_the_root_is_that_of_the_rfc(leaves):
    assert merkle.root_of(map(merkle.leaf_hash, leaves)) == naive.tree_hash(leaves)
    assert merkle.root_at(len(leaves), node_of(leaves)) == naive.tree_hash(leaves)


@given(LEAVES, LEAVES)
def test_a_tree_grows_on_from_its_stored_edge(before, after):
    frontier = merkle.Frontier()
    for leaf in before:
        frontier.append(merkle.leaf_hash(leaf))
    grown = merkle.Frontier.of(len(before), frontier.to_bytes())
    for leaf in after:
        grown.append(merkle.leaf_hash(leaf))

    assert grown.root() == naive.tree_hash(before + after)


@given(SIZES.flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1))))
def test_inclusion_is_proven_as_the_rfc_says(drawn):
    size, index = drawn
    leaves = entries(size)
    proof = merkle.inclusion_proof(index, size, node_of(leaves))

    assert proof == naive.audit_path(index, leaves)
    assert merkle.is_included(
        merkle.leaf_hash(leaves[index]), index, size, proof, naive.tree_hash(leaves)
    )


@given(SIZES.flatmap(lambda size: st.tuples(st.just(size), st.integers(1, size))))
def test_consistency_is_proven_as_the_rfc_says(drawn):
    second, first = drawn
    leaves = entries(second)
    proof = merkle.consistency_proof(first, second, node_of(leaves))
    roots = naive.tree_hash(leaves[:first]), naive.tree_hash(leaves)

    assert proof == naive.consistency(first, leaves)
    assert merkle.is_consistent(first, roots[0], second, roots[1], proof)


def changed(proof, draw):
    """A proof that is another one."""
    how = draw(st.sampled_from(["more", "less", "bit", "swap", "short"]))
    if how == "more" or not proof:
        return [*proof, bytes(32)]
    at = draw(st.integers(0, len(proof) - 1))
    if how == "less":
        return proof[:at] + proof[at + 1 :]
    if how == "swap" and len(set(proof)) > 1:
        return proof[::-1] if proof[::-1] != proof else [*proof, bytes(32)]
    other = proof[at][:-1] if how == "short" else bytes([proof[at][0] ^ 1]) + proof[at][1:]
    return [*proof[:at], other, *proof[at + 1 :]]


@given(SIZES.flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1))), st.data())
def test_no_other_proof_of_inclusion_is_taken(drawn, data):
    size, index = drawn
    leaves = entries(size)
    root, leaf = naive.tree_hash(leaves), merkle.leaf_hash(leaves[index])
    proof = naive.audit_path(index, leaves)
    other = data.draw(st.integers(0, size - 1))

    assert not merkle.is_included(leaf, index, size, changed(proof, data.draw), root)
    assert merkle.is_included(leaf, other, size, proof, root) is (other == index)
    assert not merkle.is_included(leaf, size, size, proof, root)
    assert not merkle.is_included(leaf, -1, size, proof, root)


@given(SIZES.flatmap(lambda size: st.tuples(st.just(size), st.integers(1, size))), st.data())
def test_no_other_proof_of_consistency_is_taken(drawn, data):
    second, first = drawn
    leaves = entries(second)
    old, new = naive.tree_hash(leaves[:first]), naive.tree_hash(leaves)
    proof = naive.consistency(first, leaves)

    assert not merkle.is_consistent(first, old, second, new, changed(proof, data.draw))
    assert not merkle.is_consistent(first, bytes(32), second, new, proof)
    assert not merkle.is_consistent(first, old, second, bytes(32), proof)
    assert not merkle.is_consistent(second + 1, old, second, new, proof)


@given(st.integers(0, 300), st.integers(0, 300))
def test_an_edge_of_another_size_is_refused(size, hashes):
    if size.bit_count() == hashes:
        merkle.Frontier(size, [bytes(32)] * hashes)
        return
    with pytest.raises(ValueError, match="subtrees"):
        merkle.Frontier(size, [bytes(32)] * hashes)


@given(st.integers(0, 10**15), st.integers(1, 256), st.integers(-1, 63))
def test_a_tile_has_the_name_of_c2sp(number, width, level):
    name = tiles.path(level, number, width)

    assert name == naive.tile_name("entries" if level < 0 else level, number, width)
    assert tiles.parse_path(name) == (level, number, width)


@given(st.text(alphabet="tile/0123x.pentries ", max_size=40))
def test_what_is_no_tile_has_no_name(text):
    try:
        parsed = tiles.parse_path(text)
    except ValueError:
        return
    assert tiles.path(*parsed) == text


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_entries_come_out_of_a_bundle_as_they_went_in(found):
    assert tiles.unbundle(tiles.bundle(found)) == found == naive.entries_of(tiles.bundle(found))


@given(st.binary(max_size=600))
def test_a_bundle_is_entries_or_refused(data):
    try:
        found = tiles.unbundle(data)
    except ValueError:
        return
    assert tiles.bundle(found) == data
