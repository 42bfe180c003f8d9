"""A component's package URL is spelt as the specification of its type says."""

from __future__ import annotations

import pytest

from appliance.domain.components import Component, Ecosystem, package_url


@pytest.mark.parametrize(
    ("ecosystem", "name", "version", "purl"),
    [
        (Ecosystem.PYPI, "Flask_WTF", "1.0+cpu", "pkg:pypi/flask-wtf@1.0%2Bcpu"),
        (Ecosystem.NPM, "@angular/core", "1.0.0", "pkg:npm/%40angular/core@1.0.0"),
        (Ecosystem.MAVEN, "org.a:b", "1.0", "pkg:maven/org.a/b@1.0"),
        (Ecosystem.GO, "github.com/A/b/v2", "v2.0.0", "pkg:golang/github.com/a/b/v2@v2.0.0"),
        (Ecosystem.CRATES, "serde_json", "1.0.0", "pkg:cargo/serde_json@1.0.0"),
        (Ecosystem.RUBYGEMS, "rails", "7.0.0", "pkg:gem/rails@7.0.0"),
        (Ecosystem.NUGET, "Newtonsoft.Json", "13.0.1", "pkg:nuget/Newtonsoft.Json@13.0.1"),
        (Ecosystem.PACKAGIST, "Monolog/Monolog", "2.0.0", "pkg:composer/monolog/monolog@2.0.0"),
        (Ecosystem.HEX, "jason", "1.4.0", "pkg:hex/jason@1.4.0"),
        (Ecosystem.PUB, "http", "1.0.0+1", "pkg:pub/http@1.0.0%2B1"),
        (
            Ecosystem.SWIFT,
            "https://github.com/apple/swift-nio.git",
            "2.0.0",
            "pkg:swift/github.com/apple/swift-nio@2.0.0",
        ),
        (Ecosystem.COCOAPODS, "Firebase/Core", "10.0", "pkg:cocoapods/Firebase@10.0#Core"),
        (Ecosystem.CRAN, "dplyr", "1.1.0", "pkg:cran/dplyr@1.1.0"),
        (Ecosystem.CONAN, "zlib", "1.2.11", "pkg:conan/zlib@1.2.11"),
        (Ecosystem.DOCKER, "library/nginx", "1.21", "pkg:docker/library/nginx@1.21"),
        (Ecosystem.DOCKER, "ghcr.io/a/b", "1", "pkg:docker/a/b@1?repository_url=ghcr.io"),
        (
            Ecosystem.DOCKER,
            "nginx",
            "sha256:aa",
            "pkg:docker/nginx@sha256:aa",
        ),
        (Ecosystem.GITHUB_ACTIONS, "Actions/checkout", "v4", "pkg:github/actions/checkout@v4"),
        (Ecosystem.NPM, "left", "", "pkg:npm/left"),
    ],
)
def test_a_package_url_is_spelt_as_its_type_says(ecosystem, name, version, purl):
    assert package_url(ecosystem, name, version) == purl
    assert Component(ecosystem, name, version, 1).purl == purl
