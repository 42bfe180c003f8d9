"""Examples of the manifests of compiled languages, and what must come of them."""

from __future__ import annotations

GO_MOD = """\
module example.org/ours // ours

go 1.22.0

toolchain go1.22.3

require (
	github.com/A/b v1.2.3
	example.org/c/v2 v2.0.0-20240102030405-abcdef012345 // indirect
	"example.org/local" v1.0.0
)

require example.org/d v4.0.0+incompatible

exclude example.org/d v3.0.0
replace example.org/local => ../local
replace (
	example.org/d => example.org/fork v4.1.0
)
retract [v1.0.0, v1.1.0] // Broken.
"""
GO_SUM = f"""\
github.com/A/b v1.2.3 h1:{"a" * 43}=
github.com/A/b v1.2.3/go.mod h1:{"b" * 43}=
example.org/c v1.0.0/go.mod h1:{"c" * 43}=
"""
CARGO = """\
# This file is generated.
version = 3

[[package]]
name = "ours"
version = "0.1.0"
dependencies = [
 "serde",
 "rand 0.8.5",
]

[[package]]
name = "rand"
version = "0.7.3"
source = "registry+https://crates.example/index"

[[package]]
name = "rand"
version = "0.8.5"
source = "registry+https://crates.example/index"
dependencies = [
 "serde",
]

[[package]]
name = "serde"
version = "1.0.200"
source = "registry+https://crates.example/index"
dependencies = ["rand 0.7.3 (registry+https://crates.example/index)"]
"""
PARENT_POM = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <groupId>org.ours</groupId>
  <artifactId>parent</artifactId>
  <version>1.0</version>
  <properties><json.version>2.15.0</json.version></properties>
  <dependencyManagement><dependencies>
    <dependency>
      <groupId>org.json</groupId><artifactId>json</artifactId><version>${json.version}</version>
    </dependency>
    <dependency>
      <groupId>org.tests</groupId><artifactId>unit</artifactId><version>5</version>
      <scope>test</scope>
    </dependency>
  </dependencies></dependencyManagement>
</project>
"""
POM = """\
<?xml version="1.0" encoding="UTF-8"?>
<project>
  <parent>
    <groupId>org.ours</groupId>
    <artifactId>parent</artifactId>
    <version>1.0</version>
  </parent>
  <artifactId>child</artifactId>
  <properties><json.version>2.16.0</json.version></properties>
  <dependencies>
    <dependency>
      <groupId>org.json</groupId>
      <artifactId>json</artifactId>
    </dependency>
    <!-- <dependency><groupId>not</groupId><artifactId>this</artifactId></dependency> -->
    <dependency>
      <groupId>org.tests</groupId><artifactId>unit</artifactId>
    </dependency>
    <dependency>
      <groupId>${project.groupId}</groupId><artifactId>sibling</artifactId>
      <version>${project.version}</version>
    </dependency>
    <dependency>
      <groupId>org.open</groupId><artifactId>open</artifactId><version>[1.0,2.0)</version>
    </dependency>
    <dependency>
      <groupId>org.unknown</groupId><artifactId>unknown</artifactId>
      <version>${from.elsewhere}</version><optional>true</optional>
    </dependency>
  </dependencies>
</project>
"""
GRADLE = """\
# This is a Gradle generated file for dependency locking.
org.json:json:2.15.0=compileClasspath,runtimeClasspath,testRuntimeClasspath
org.tests:unit:5=testCompileClasspath,testRuntimeClasspath
empty=annotationProcessor
"""
VERIFICATION = """\
<?xml version="1.0" encoding="UTF-8"?>
<verification-metadata xmlns="https://schema.gradle.org/dependency-verification">
   <configuration><verify-metadata>true</verify-metadata></configuration>
   <components>
      <component group="org.json" name="json" version="2.15.0">
         <artifact name="json-2.15.0.jar"><sha256 value="aa" origin="Generated"/></artifact>
      </component>
   </components>
</verification-metadata>
"""
CATALOGUE = """\
[versions]
json = "2.15.0"
kotlin = { strictly = "[1.9, 2.0[", prefer = "1.9.20" }

[libraries]
json = { module = "org.json:json", version.ref = "json" }
core = { group = "org.json", name = "core", version = "1.0" }
short = "org.short:short:3.1"
managed = { module = "org.managed:managed" }
kotlin = { module = "org.kotlin:kotlin", version.ref = "kotlin" }

[plugins]
spring = { id = "org.spring", version = "3.0.0" }
"""
NUGET_LOCK = """\
{
  "version": 1,
  "dependencies": {
    "net8.0": {
      "Newtonsoft.Json": {
        "type": "Direct",
        "requested": "[13.0.1, )",
        "resolved": "13.0.1",
        "dependencies": {"System.Text": "4.0.0"}
      },
      "System.Text": {"type": "Transitive", "resolved": "4.0.0"},
      "ours": {"type": "Project", "dependencies": {"Newtonsoft.Json": "[13.0.1, )"}}
    }
  }
}
"""
ASSETS = """\
{
  "version": 3,
  "targets": {
    "net8.0": {
      "Newtonsoft.Json/13.0.1": {"type": "package", "dependencies": {"System.Text": "4.0.0"}},
      "System.Text/4.0.0": {"type": "package"},
      "ours/1.0.0": {"type": "project"}
    }
  },
  "libraries": {
    "Newtonsoft.Json/13.0.1": {"type": "package"},
    "System.Text/4.0.0": {"type": "package"},
    "ours/1.0.0": {"type": "project"}
  },
  "project": {"frameworks": {"net8.0": {"dependencies": {"Newtonsoft.Json": {"version": "13"}}}}}
}
"""
DEPS = """\
{
  "runtimeTarget": {"name": ".NETCoreApp,Version=v8.0"},
  "targets": {
    ".NETCoreApp,Version=v8.0": {
      "ours/1.0.0": {"dependencies": {"Newtonsoft.Json": "13.0.1"}},
      "Newtonsoft.Json/13.0.1": {}
    }
  },
  "libraries": {
    "ours/1.0.0": {"type": "project"},
    "Newtonsoft.Json/13.0.1": {"type": "package"}
  }
}
"""
PACKAGES_CONFIG = """\
<?xml version="1.0" encoding="utf-8"?>
<packages>
  <package id="Newtonsoft.Json" version="13.0.1" targetFramework="net48" />
  <package id="Tests" version="1.0" developmentDependency="true" />
</packages>
"""
PAKET = """\
STORAGE: NONE
NUGET
  remote: https://nuget.example/v3/index.json
    Castle.Core (3.3.3)
    Logging (1.0) - restriction: >= net45
      Castle.Core (>= 3.0)
GITHUB
  remote: team/files
    a.fs (abc)

GROUP Build
NUGET
  remote: https://nuget.example/v3/index.json
    Maker (4.4)
"""
RESOLVED_2 = """\
{
  "pins" : [
    {
      "identity" : "swift-nio",
      "kind" : "remoteSourceControl",
      "location" : "https://github.com/apple/swift-nio.git",
      "state" : {"revision" : "abc", "version" : "2.60.0"}
    },
    {
      "identity" : "edge",
      "kind" : "remoteSourceControl",
      "location" : "git@git.example:team/edge.git",
      "state" : {"branch" : "main", "revision" : "abc"}
    }
  ],
  "version" : 2
}
"""
RESOLVED_1 = """\
{
  "object": {
    "pins": [
      {
        "package": "NIO",
        "repositoryURL": "https://github.com/apple/swift-nio",
        "state": {"branch": null, "revision": "abc", "version": "2.0.0"}
      }
    ]
  },
  "version": 1
}
"""
CONAN_2 = """\
{
    "version": "0.5",
    "requires": [
        "zlib/1.2.13#abc%1700000000.0",
        "fmt/10.1.0@team/stable#abc"
    ],
    "build_requires": ["cmake/3.27.0#abc"],
    "python_requires": []
}
"""
CONAN_0 = """\
{
 "graph_lock": {
  "nodes": {
   "a-1": {"pref": "ours/1.0:aa", "requires": {"zlib/1.2.11#aa": "b-2"}, "path": "conanfile.py"},
   "b-2": {"pref": "zlib/1.2.11#aa:bb#cc"}
  }
 },
 "version": "0.1"
}
"""
CONAN_1 = """\
{
 "graph_lock": {
  "nodes": {
   "0": {"options": "", "requires": ["1"], "path": "conanfile.txt"},
   "1": {"ref": "poco/1.9.4#0", "requires": ["2"], "context": "host"},
   "2": {"ref": "zlib/1.2.11", "context": "host"}
  }
 },
 "version": "0.4"
}
"""
EXAMPLES = {
    "go.mod": (
        {"go.mod": GO_MOD},
        """\
8 github.com/A/b@v1.2.3 runtime direct
9 example.org/c/v2@v2.0.0-20240102030405-abcdef012345 runtime transitive
13 example.org/fork@v4.1.0 runtime direct""",
    ),
    "go.sum": ({"go.sum": GO_SUM}, "1 github.com/A/b@v1.2.3 runtime ?"),
    "Cargo.lock": (
        {"Cargo.lock": CARGO},
        """\
13 rand@0.7.3 runtime transitive < serde@1.0.200
18 rand@0.8.5 runtime direct
26 serde@1.0.200 runtime direct < rand@0.8.5""",
    ),
    "child/pom.xml": (
        {"child/pom.xml": POM, "pom.xml": PARENT_POM},
        """\
11 org.json:json@2.16.0 runtime direct
16 org.tests:unit@5 development direct
19 org.ours:sibling@1.0 runtime direct
23 org.open:open@ runtime direct
26 org.unknown:unknown@ optional direct""",
    ),
    "gradle.lockfile": (
        {"gradle.lockfile": GRADLE},
        "2 org.json:json@2.15.0 runtime ?\n3 org.tests:unit@5 development ?",
    ),
    "gradle/verification-metadata.xml": (
        {"gradle/verification-metadata.xml": VERIFICATION},
        "5 org.json:json@2.15.0 runtime ?",
    ),
    "gradle/libs.versions.toml": (
        {"gradle/libs.versions.toml": CATALOGUE},
        """\
6 org.json:json@2.15.0 runtime direct
7 org.json:core@1.0 runtime direct
8 org.short:short@3.1 runtime direct
9 org.managed:managed@ runtime direct
10 org.kotlin:kotlin@ runtime direct
13 org.spring:org.spring.gradle.plugin@3.0.0 development direct""",
    ),
    "packages.lock.json": (
        {"packages.lock.json": NUGET_LOCK},
        """\
5 Newtonsoft.Json@13.0.1 runtime direct < ours
11 System.Text@4.0.0 runtime transitive < Newtonsoft.Json@13.0.1""",
    ),
    "obj/project.assets.json": (
        {"obj/project.assets.json": ASSETS},
        """\
11 Newtonsoft.Json@13.0.1 runtime direct
12 System.Text@4.0.0 runtime transitive < Newtonsoft.Json@13.0.1""",
    ),
    "bin/ours.deps.json": (
        {"bin/ours.deps.json": DEPS},
        "11 Newtonsoft.Json@13.0.1 runtime direct < ours@1.0.0",
    ),
    "packages.config": (
        {"packages.config": PACKAGES_CONFIG},
        "3 Newtonsoft.Json@13.0.1 runtime ?\n4 Tests@1.0 development ?",
    ),
    "paket.lock": (
        {"paket.lock": PAKET},
        """\
4 Castle.Core@3.3.3 runtime ? < Logging@1.0
5 Logging@1.0 runtime ?
14 Maker@4.4 development ?""",
    ),
    "Package.resolved": (
        {"Package.resolved": RESOLVED_2},
        "3 github.com/apple/swift-nio@2.60.0 runtime ?\n9 git.example/team/edge@ runtime ?",
    ),
    "old/Package.resolved": (
        {"old/Package.resolved": RESOLVED_1},
        "4 github.com/apple/swift-nio@2.0.0 runtime ?",
    ),
    "conan.lock": (
        {"conan.lock": CONAN_2},
        "4 zlib@1.2.13 runtime ?\n5 fmt@10.1.0 runtime ?\n7 cmake@3.27.0 development ?",
    ),
    "oldest/conan.lock": ({"oldest/conan.lock": CONAN_0}, "5 zlib@1.2.11 runtime direct"),
    "old/conan.lock": (
        {"old/conan.lock": CONAN_1},
        "5 poco@1.9.4 runtime direct\n6 zlib@1.2.11 runtime transitive < poco@1.9.4",
    ),
}
