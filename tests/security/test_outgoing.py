from __future__ import annotations

import ipaddress
import socket
import subprocess
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import InvalidError, UnavailableError
from appliance.security import outgoing
from appliance.security.address_table import TABLE, Reach, reach_of
from appliance.security.outgoing import judge

PUBLIC = "198.41.0.4"
PUBLIC_IPV6 = "2001:503:ba3e::2:30"


def names(*addresses: str):
    """A resolver that knows one answer; asking it counts."""
    asked: list[str] = []

    def answer(host: str, _port: int) -> tuple[str, ...]:
        asked.append(host)
        return addresses

    answer.asked = asked
    return answer


def refused(url: str, *addresses: str, private_allowed: bool = False) -> str:
    with pytest.raises(InvalidError) as refusal:
        judge(
            url,
            schemes=("https", "http"),
            private_allowed=private_allowed,
            resolver=names(*addresses),
        )
    assert refusal.value.fields[0].field == "url"
    return str(refusal.value)


def test_a_good_address_gives_what_it_resolves_to():
    found = judge(
        "https://code.example/lab/notes.git",
        schemes=("https",),
        resolver=names(PUBLIC, PUBLIC_IPV6),
    )

    assert found.url == "https://code.example/lab/notes.git"
    assert found.addresses == (PUBLIC, PUBLIC_IPV6)
    assert found.curl_resolve == f"code.example:443:{PUBLIC},[{PUBLIC_IPV6}]"


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("https://CODE.Example/x", "https://code.example/x"),
        ("HTTPS://code.example./x", "https://code.example/x"),
        ("https://code.example:443/x", "https://code.example/x"),
        ("https://code.example:8443/x?y=1&z=%20", "https://code.example:8443/x?y=1&z=%20"),
        ("https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"),
        ("https://straße.example/", "https://xn--strae-oqa.example/"),
        ("https://code。example/", "https://code.example/"),
        ("https://\uff43\uff4f\uff44\uff45.example/", "https://code.example/"),
        ("https://[2001:503:ba3e:0:0:0:2:30]/x", "https://[2001:503:ba3e::2:30]/x"),
        ("https://198.41.0.4/x", "https://198.41.0.4/x"),
        ("https://code.example", "https://code.example"),
        ("https://code.example/a/../b", "https://code.example/a/../b"),
    ],
)
def test_the_plainest_spelling_is_what_goes_on(typed, plain):
    assert judge(typed, schemes=("https",), resolver=names(PUBLIC)).url == plain


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("https://198.41.0.4/lab/notes.git?x=1", PUBLIC, 443, "/lab/notes.git?x=1"),
        ("https://[2001:503:ba3e::2:30]:8443", PUBLIC_IPV6, 8443, "/"),
    ],
)
def test_an_address_needs_no_pin(url, host, port, path):
    found = judge(url, schemes=("https",), resolver=names())

    assert (found.host, found.port, found.path) == (host, port, path)
    assert found.addresses == (host,)
    assert found.origin == ("https", host, port)
    assert found.curl_resolve == ""


def test_a_literal_address_is_not_looked_up():
    resolver = names("10.0.0.1")

    assert judge("https://198.41.0.4/", schemes=("https",), resolver=resolver).addresses == (
        PUBLIC,
    )
    assert resolver.asked == []


def test_a_name_is_asked_exactly_once():
    resolver = names(PUBLIC)
    judge("https://code.example/", schemes=("https",), resolver=resolver)

    assert resolver.asked == ["code.example"]


@pytest.mark.promise("P16")
@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0x7f.1",
        "0X7F.0.0.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.01",
        "00127.0.0.1",
        "0",
        "0.0.0.0",  # noqa: S104 - an address to refuse, not to bind.
        "0x",
        "1.1.1.1.1",
        "4294967296",
        "256.1.1.1",
        "\uff11\uff12\uff17.\uff10.\uff10.\uff11",
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "127.0.0.1%2f.example",
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::a9fe:a9fe]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::]",
        "[fe80::1%25eth0]",
        "[fe80::1%eth0]",
        "[fec0::1]",
        "[fd00:ec2::254]",
        "[ff02::1]",
        "[v1.x]",
        "[127.0.0.1]",
        "[::1",
        "::1",
        "10.0.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "172.31.255.255",
        "192.168.1.1",
        "224.0.0.1",
        "255.255.255.255",
        "",
        ".",
        "..",
        "a..example",
        ".example",
        "-a.example",
        "a-.example",
        "a" * 64 + ".example",
        ("a" * 60 + ".") * 5 + "example",
        "a b.example",
        "a%20b.example",
        "%6cocalhost",
        "a,b.example",
        "a*.example",
        "xn--\u00fc.example",
        "\u202e.example",
        "a\u2044b.example",
        "a\uff0fb.example",
        "user@127.0.0.1",
        "host name",
        "172.16.0.1",
        "[fc00::1]",
    ],
)
def test_no_spelling_of_a_host_leads_inside(host):
    """Not even where a resolver would call it public: it is refused for what it says."""
    assert refused(f"https://{host}/x", PUBLIC).endswith(".")


@pytest.mark.promise("P16")
@pytest.mark.parametrize(
    "url",
    [
        "https://code.example@127.0.0.1/",
        "https://127.0.0.1@code.example/",
        "https://user:secret@code.example/",
        "https://@code.example/",
        "https://code.example\\@127.0.0.1/",
        "https://code.example#@127.0.0.1/",
        "https://code.example /",
        " https://code.example/",
        "https://code.example/\r\nHost: x",
        "https://code.exa\tmple/",
        "https://code.example/\u2028",
        "https:///code.example/",
        "https:code.example",
        "//code.example/",
        "code.example",
        "",
        "https://code.example:0/",
        "https://code.example:65536/",
        "https://code.example:x/",
        "https://code.example:443:80/",
        "https://code.example:-1/",
        "https://code.example:\uff14\uff14\uff13/",
        "file:///etc/passwd",
        "ssh://git@code.example/x",
        "git://code.example/x",
        "ext::sh -c id",
        "--upload-pack=id",
        "/etc/passwd",
        "https://",
        "gopher://code.example/",
        "ftp://code.example/",
        "javascript:alert(1)",
        "https://code.example/" + "x" * 3000,
    ],
)
def test_no_other_trick_in_an_address_works(url):
    sentence = refused(url, PUBLIC)

    assert "secret" not in sentence


def test_only_the_schemes_that_are_allowed():
    with pytest.raises(InvalidError, match="https://"):
        judge("http://code.example/", schemes=("https",), resolver=names(PUBLIC))
    with pytest.raises(InvalidError):
        judge("file://code.example/", schemes=("https", "file"), resolver=names(PUBLIC))


@pytest.mark.promise("P16")
@pytest.mark.parametrize(
    "answers",
    [
        ("127.0.0.1",),
        (PUBLIC, "10.0.0.1"),
        (PUBLIC_IPV6, "::1"),
        ("::ffff:10.0.0.1",),
        ("64:ff9b::a00:1",),
        ("fe80::1%eth0",),
        ("0.0.0.0",),  # noqa: S104 - an address to refuse, not to bind.
        ("no address",),
        (),
    ],
)
def test_a_name_that_leads_inside_is_refused_without_saying_where(answers):
    sentence = refused("https://code.example/x", *answers)

    assert sentence == refused("https://code.example/x")
    assert not any(answer in sentence for answer in answers)


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "192.168.1.1", "fd12::1", "::1"])
def test_private_addresses_are_reached_where_the_operator_allows_it(address):
    found = judge(
        "https://code.lab/", schemes=("https",), private_allowed=True, resolver=names(address)
    )

    assert found.addresses == (address,)


@pytest.mark.promise("P16")
@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.170.2",
        "fd00:ec2::254",
        "fd20:ce::254",
        "100.100.100.200",
        "168.63.129.16",
        "0.0.0.0",  # noqa: S104 - an address to refuse, not to bind.
        "::",
        "255.255.255.255",
        "224.0.0.1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
    ],
)
def test_credentials_of_clouds_and_everybody_are_never_reached(address):
    refused("https://code.lab/", address, private_allowed=True)


@given(st.ip_addresses())
def test_what_python_calls_private_or_special_is_never_public(address):
    if not address.is_global or address.is_multicast or address.is_reserved:
        assert reach_of(address) is not Reach.PUBLIC


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_inside_another_is_never_public(address):
    number = int(address)
    carriers = ["::", "::ffff:0:0", "64:ff9b::", "64:ff9b:1::"]
    inside = [ipaddress.IPv6Address(int(ipaddress.IPv6Address(base)) + number) for base in carriers]
    inside.append(ipaddress.IPv6Address((0x2002 << 112) + (number << 80)))
    inside.append(ipaddress.IPv6Address((0x20010000 << 96) + number))

    assert all(reach_of(one) is not Reach.PUBLIC for one in inside)


@pytest.mark.parametrize("network", TABLE, ids=str)
def test_the_first_and_last_address_of_each_network_are_as_the_table_says(network):
    narrower = [other for other in TABLE if other != network and other.version == network.version]
    for address in (network[0], network[-1]):
        if not any(address in other and other.prefixlen > network.prefixlen for other in narrower):
            assert reach_of(address) is TABLE[network]


@given(st.text(max_size=60))
def test_any_text_is_judged_without_failing(text):
    for url in (text, f"https://{text}", f"https://{text}.example/{text}"):
        try:
            found = judge(url, schemes=("https",), resolver=names(PUBLIC))
        except InvalidError:
            continue
        again = judge(found.url, schemes=("https",), resolver=names(PUBLIC))
        assert found.url.isascii()
        assert (again.url, again.host) == (found.url, found.host)


def test_the_system_is_asked_for_names_and_a_missing_one_is_no_failure(monkeypatch):
    assert set(outgoing.resolve("localhost", 443)) <= {"127.0.0.1", "::1"}

    def nobody(*_: object, **__: object):
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    def silence(*_: object, **__: object):
        raise socket.gaierror(socket.EAI_AGAIN, "no answer")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    assert outgoing.resolve("code.example", 443) == ()
    monkeypatch.setattr(socket, "getaddrinfo", silence)
    with pytest.raises(UnavailableError):
        outgoing.resolve("code.example", 443)


def test_git_goes_where_the_pin_says_and_asks_no_name_server():
    """A listener that hangs up is enough: git reached it under a name that does not exist."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        found = judge(
            f"http://code.invalid:{port}/lab/notes.git",
            schemes=("http",),
            private_allowed=True,
            resolver=names("127.0.0.1"),
        )
        heard: list[bytes] = []
        answering = threading.Thread(target=_hear, args=(listener, heard))
        answering.start()
        command = ["git", "-c", f"http.curloptResolve={found.curl_resolve}", "ls-remote", found.url]
        done = subprocess.run(command, check=False, capture_output=True, timeout=60)
        answering.join()

    assert done.returncode != 0
    assert heard[0].startswith(b"GET /lab/notes.git/info/refs")


def _hear(listener: socket.socket, heard: list[bytes]) -> None:
    connection, _ = listener.accept()
    with connection:
        heard.append(connection.recv(4096))


@pytest.mark.parametrize(("private_allowed", "names_it"), [(False, True), (True, False)])
def test_a_refusal_names_the_setting_for_private_addresses_while_it_is_off(
    private_allowed, names_it
):
    with pytest.raises(InvalidError) as refusal:
        judge(
            "https://code.example/notes.git",
            schemes=("https",),
            private_allowed=private_allowed,
            setting="imports.private_addresses",
            resolver=names(),
        )

    assert ("imports.private_addresses" in str(refusal.value)) is names_it
