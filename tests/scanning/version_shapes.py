"""Shapes that versions of each ecosystem have, for generated cases."""

from __future__ import annotations

from hypothesis import strategies as st

_NUMBER = st.sampled_from(["0", "1", "2", "3", "9", "10", "11", "12", "20", "100"])
_ZERO_FIRST = st.one_of(_NUMBER, st.sampled_from(["00", "01", "05", "012"]))


def _numbers(least: int, most: int, number: st.SearchStrategy[str] = _NUMBER):
    return st.lists(number, min_size=least, max_size=most).map(".".join)


def _maybe(shape: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(st.just(""), shape)


def _together(*shapes: st.SearchStrategy[str] | str) -> st.SearchStrategy[str]:
    made = [st.just(each) if isinstance(each, str) else each for each in shapes]
    return st.tuples(*made).map("".join)


def _word(*words: str) -> st.SearchStrategy[str]:
    return st.sampled_from(words)


_IDENTIFIER = st.one_of(_NUMBER, _word("alpha", "beta", "rc", "a", "b1", "-", "x-y", "RC", "0a"))
_BEFORE = _together("-", st.lists(_IDENTIFIER, min_size=1, max_size=3).map(".".join))
_BUILD = _together("+", st.lists(_IDENTIFIER, min_size=1, max_size=2).map(".".join))
_SEMVER = _together(_numbers(3, 3), _maybe(_BEFORE), _maybe(_BUILD))
_RPM = st.lists(
    st.one_of(_ZERO_FIRST, _word("a", "rc", "el8", "fc", ".", "~", "^", "_", "+", "git")),
    min_size=1,
    max_size=6,
).map(lambda parts: "1" + "".join(parts))
_DEBIAN = st.lists(
    st.one_of(_ZERO_FIRST, _word("a", "rc", "dfsg", ".", "~", "+", "-", "ubuntu")), max_size=6
).map(lambda parts: "1" + "".join(parts) + "0")

SHAPES: dict[str, st.SearchStrategy[str]] = {
    "PyPI": st.one_of(
        _together(
            _maybe(_word("1!", "v")),
            _numbers(1, 4),
            _maybe(_together(_word("a", "b", "rc", "-alpha.", "_beta", ".c", "pre"), _NUMBER)),
            _maybe(_together(_word(".post", "-", ".rev", "r"), _NUMBER)),
            _maybe(_together(_word(".dev", "-dev", "dev"), _maybe(_NUMBER))),
            _maybe(_word("+local", "+1", "+ubuntu.1", "+1-2", "+a.b")),
        ),
        _together(_numbers(1, 3), _word("d", "-foo", "-20190101-x", "p1", "_x", "preview-x")),
    ),
    "npm": st.one_of(_SEMVER, _together("v", _SEMVER), _together(_numbers(3, 3), "beta", _NUMBER)),
    "crates.io": _SEMVER,
    "Hex": _SEMVER,
    "SwiftURL": _together(_maybe(st.just("v")), _numbers(2, 3), _maybe(_BEFORE)),
    "Pub": _SEMVER,
    "Go": st.one_of(
        _together("v", _SEMVER),
        _together("v", _numbers(3, 3), "+incompatible"),
        _together("v", _numbers(3, 3), _word("-0.", "-rc.1.0."), "20240102030405-abcdef012345"),
        _together("v0.0.0-", _word("20190101000000", "20240102030405"), "-abcdef012345"),
    ),
    "Maven": _together(
        _numbers(1, 4),
        _maybe(
            _together(
                _word(".", "-", ""),
                _word("alpha", "a", "b", "beta", "M", "rc", "CR", "Final", "GA", "SP", "RELEASE"),
                _maybe(_together(_word("-", ""), _NUMBER)),
            )
        ),
        _maybe(_word("-SNAPSHOT", "-jre", "-android", "-1", "-20240101.010203-4", ".jre8", "-b07")),
    ),
    "RubyGems": st.lists(st.one_of(_NUMBER, _word("a", "rc1", "pre", "beta", "0")), max_size=5).map(
        lambda parts: ".".join(["1", *parts])
    ),
    "NuGet": _together(_numbers(1, 4, _ZERO_FIRST), _maybe(_BEFORE), _maybe(_BUILD)),
    "Packagist": _together(
        _maybe(st.just("v")),
        _numbers(1, 4),
        _maybe(
            _together(
                _word("-", ".", "_", ""),
                _word("alpha", "beta", "RC", "b", "a", "p", "pl", "patch", "stable", "dev"),
                _maybe(_NUMBER),
            ).filter(lambda suffix: "dev" not in suffix or suffix == "-dev")
        ),
    ),
    "Debian": _together(_maybe(_word("1:", "0:", "2:")), _DEBIAN),
    "Alpine": _together(
        _NUMBER,
        _maybe(_together(".", _numbers(1, 3, _ZERO_FIRST))),
        _maybe(_word("a", "b")),
        _maybe(_together(_word("_alpha", "_beta", "_pre", "_rc", "_p", "_git"), _maybe(_NUMBER))),
        _maybe(_together("_p", _NUMBER)),
        _maybe(_together("-r", _NUMBER)),
    ),
    "Red Hat": _together(_maybe(_word("1:", "0:")), _RPM, _maybe(_together("-", _RPM))),
    "CRAN": st.lists(_NUMBER, min_size=1, max_size=5).map("-".join),
}
