"""A package URL is taken apart as it was put together."""

from __future__ import annotations

import pytest

from appliance.domain.components import Ecosystem, package_url
from appliance.domain.package_urls import Package, parsed


@pytest.mark.parametrize(
    ("url", "ecosystem", "name", "version"),
    [
        ("pkg:npm/%40angular/core@1.0.0", "npm", "@angular/core", "1.0.0"),
        ("pkg:maven/org.a/b@1.0?type=jar", "Maven", "org.a:b", "1.0"),
        ("pkg:golang/github.com/a/b/v2@v2.0.0#sub", "Go", "github.com/a/b/v2", "v2.0.0"),
        ("pkg:pypi/flask", "PyPI", "flask", ""),
        ("pkg:cocoapods/Firebase@10.0#Core", "CocoaPods", "Firebase/Core", "10.0"),
        ("pkg:docker/a/b@1?repository_url=ghcr.io", "Docker", "ghcr.io/a/b", "1"),
        ("pkg:deb/debian/curl@7.88-10?arch=amd64&distro=debian-12", "Debian:12", "curl", "7.88-10"),
        (
            "pkg:deb/debian/libcurl4@7.88?distro=debian-12.5&upstream=curl%407.88",
            *("Debian:12", "curl", "7.88"),
        ),
        ("pkg:deb/ubuntu/curl@8?distro=ubuntu-22.04", "Ubuntu:22.04", "curl", "8"),
        ("pkg:apk/alpine/curl@8.0-r0?distro=alpine-3.18.4", "Alpine:v3.18", "curl", "8.0-r0"),
        ("pkg:apk/wolfi/curl@8.0-r0", "Wolfi", "curl", "8.0-r0"),
        ("pkg:rpm/rocky/curl@8-1?distro=rocky-9.2&epoch=1", "Rocky Linux:9", "curl", "1:8-1"),
    ],
)
def test_a_url_means_a_package(url, ecosystem, name, version):
    assert parsed(url) == Package(ecosystem, name, version)


@pytest.mark.parametrize(
    "url",
    [
        *("", "pkg:", "pkg:npm", "npm/left@1", "pkg:unheard-of/a@1", "pkg:npm/ @1"),
        *("pkg:deb/debian/curl@7", "pkg:deb/curl@7", "pkg:deb/nobody/curl@7?distro=nobody-1"),
        "pkg:npm/" + "a" * 3000,
    ],
)
def test_what_means_no_package_that_is_known_is_none(url):
    assert parsed(url) is None


@pytest.mark.parametrize("ecosystem", list(Ecosystem))
def test_every_ecosystem_comes_back(ecosystem):
    name = "a:b" if ecosystem == Ecosystem.MAVEN else "a/b" if ecosystem.endswith("s") else "a"
    assert parsed(package_url(ecosystem, name, "1.0+b")) == Package(ecosystem, name, "1.0+b")
