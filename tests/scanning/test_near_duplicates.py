"""Signatures estimate how alike files are, and bands find those that are."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest

from appliance.domain.duplicates import LeftOut
from appliance.scanning import near_duplicates as compared

WORDS = [f"word{number}" for number in range(2000)]


def written(seed: int, count: int = 1500) -> list[str]:
    return random.Random(seed).choices(WORDS, k=count)  # noqa: S311 - the same each time.


def changed(words: list[str], places: int, seed: int) -> list[str]:
    chance = random.Random(seed)  # noqa: S311 - the same each time.
    found = list(words)
    for place in chance.sample(range(len(found)), places):
        found[place] = f"other{place}"
    return found


def share(one: bytes, other: bytes) -> float:
    first, second = compared.shingles(one), compared.shingles(other)
    return len(first & second) / len(first | second)


@pytest.mark.parametrize("places", [0, 5, 20, 40, 100, 300])
def test_an_estimate_is_near_the_share_of_shingles_that_two_have_in_common(places):
    errors = []
    for seed in range(20):
        one = " ".join(words := written(seed)).encode()
        other = " ".join(changed(words, places, seed + 1)).encode()
        estimate = compared.similarity(compared.signature(one), compared.signature(other))
        errors.append(estimate - share(one, other))

    assert max(map(abs, errors)) <= 0.18  # Four standard errors.
    assert abs(sum(errors) / len(errors)) <= 0.04


def test_what_is_alike_has_a_band_in_common_and_what_is_not_has_none():
    found = {0.8: 0, 0.2: 0}
    for seed in range(100):
        words = written(seed, 500)
        own = set(compared.bands(compared.signature(" ".join(words).encode())))
        for alike, places in ((0.8, 11), (0.2, 170)):
            other = " ".join(changed(words, places, seed + 1)).encode()
            found[alike] += bool(own & set(compared.bands(compared.signature(other))))

    assert found[0.8] >= 97
    assert found[0.2] <= 3


def test_white_space_and_line_ends_do_not_matter_but_words_do():
    one = b"\n".join(b"call(%d, value);" % number for number in range(50))
    same = one.replace(b"\n", b"\r\n\t  ").replace(b", ", b" ,  ")

    assert compared.signature(one) == compared.signature(same)
    assert compared.similarity(compared.signature(one), compared.signature(one.upper())) < 0.2


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", LeftOut.TOO_SHORT),
        (b"one two three", LeftOut.TOO_SHORT),
        (b"word " * 49, LeftOut.TOO_SHORT),
        (b"word " * 50, None),
        (b"word \0" + b"word " * 100, LeftOut.BINARY),
        (b"word " * 8000 + b"\0", None),
        (b"x" * (1024 * 1024 + 1), LeftOut.TOO_LARGE),
        ("naïve Größe 値 ".encode("latin-1", "replace") * 50, None),
        (b"\xff\xfe\xfd " * 100, None),
    ],
)
def test_what_is_not_text_or_says_too_little_is_compared_with_nothing(content, why):
    assert compared.unfit(content) is why
    if why is None:
        assert len(compared.signature(content)) == 4 * compared.PERMUTATIONS


def test_the_same_content_has_the_same_signature_in_another_process():
    text = " ".join(written(7)).encode()
    code = (
        "import sys; from appliance.scanning import near_duplicates as compared;"
        "sys.stdout.buffer.write(compared.signature(sys.stdin.buffer.read()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=text, stdout=subprocess.PIPE, check=True
    )

    assert done.stdout == compared.signature(text)


def test_where_there_is_no_rensa_datasketch_does_the_same():
    one, other = written(3), changed(written(3), 15, 4)
    texts = [" ".join(words).encode() for words in (one, other)]
    code = (
        "import sys; sys.modules['rensa'] = None;"
        "from appliance.scanning import near_duplicates as compared;"
        "one, other = sys.stdin.buffer.read().split(b'|');"
        "print(compared.ENGINE.split()[0],"
        " compared.similarity(compared.signature(one), compared.signature(other)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=b"|".join(texts), stdout=subprocess.PIPE, check=True
    )
    library, estimate = done.stdout.split()

    assert library == b"datasketch"
    assert compared.ENGINE.startswith("rensa ")
    assert abs(float(estimate) - share(*texts)) <= 0.18


def test_families_are_what_pairs_connect():
    assert list(compared.families([(1, 2), (2, 3), (5, 6), (8, 8), (6, 5)])) == [
        [1, 2, 3],
        [5, 6],
        [8],
    ]
