"""Which language a file is written in, by its name; and which files nobody here wrote.

Only what is written to be run or laid out counts: data and prose would hide the rest.
"""

from __future__ import annotations

import re

LANGUAGES = {
    "Ada": "adb ads",
    "Assembly": "asm s nasm",
    "Awk": "awk",
    "Bicep": "bicep",
    "C": "c h",
    "C#": "cs csx",
    "C++": "cc cpp cxx c++ hh hpp hxx ipp inl",
    "Clojure": "clj cljs cljc",
    "CMake": "cmake",
    "COBOL": "cob cbl",
    "CoffeeScript": "coffee",
    "Common Lisp": "lisp lsp cl",
    "Crystal": "cr",
    "CSS": "css",
    "CUDA": "cu cuh",
    "Cython": "pyx pxd pxi",
    "D": "d di",
    "Dart": "dart",
    "Elixir": "ex exs",
    "Elm": "elm",
    "Emacs Lisp": "el",
    "Erlang": "erl hrl",
    "F#": "fs fsi fsx",
    "Fortran": "f f90 f95 f03 f08 for",
    "GLSL": "glsl vert frag",
    "Go": "go",
    "GraphQL": "graphql gql",
    "Groovy": "groovy gradle",
    "Haskell": "hs lhs",
    "HCL": "tf hcl tfvars",
    "HTML": "html htm xhtml",
    "Java": "java",
    "JavaScript": "js mjs cjs jsx",
    "Jinja": "jinja j2 jinja2",
    "Julia": "jl",
    "Jupyter Notebook": "ipynb",
    "Kotlin": "kt kts",
    "Less": "less",
    "Lua": "lua",
    "MATLAB": "mlx",
    "Meson": "meson",
    "Nim": "nim nims",
    "Nix": "nix",
    "Objective-C": "m",
    "Objective-C++": "mm",
    "OCaml": "ml mli",
    "Pascal": "pas pp dpr lpr",
    "Perl": "pl pm",
    "PHP": "php phtml php5",
    "PowerShell": "ps1 psm1 psd1",
    "Prolog": "pro",
    "Protocol Buffers": "proto",
    "Python": "py pyi pyw",
    "R": "r",
    "Racket": "rkt",
    "Ruby": "rb rake gemspec erb",
    "Rust": "rs",
    "Sass": "sass",
    "Scala": "scala sc",
    "Scheme": "scm ss",
    "SCSS": "scss",
    "Shell": "sh bash zsh ksh fish",
    "Smalltalk": "st",
    "Solidity": "sol",
    "Starlark": "bzl bazel star",
    "Svelte": "svelte",
    "Swift": "swift",
    "SystemVerilog": "sv svh",
    "Tcl": "tcl tk",
    "TeX": "tex sty cls ltx",
    "TypeScript": "ts mts cts tsx",
    "V": "v",
    "VBA": "bas vba",
    "VHDL": "vhd vhdl",
    "Vim Script": "vim",
    "Visual Basic": "vb",
    "Vue": "vue",
    "WebAssembly": "wat wast",
    "XSLT": "xsl xslt",
    "Zig": "zig",
}
"""What each language's files end in."""

NAMED = {
    b"makefile": "Makefile",
    b"gnumakefile": "Makefile",
    b"dockerfile": "Dockerfile",
    b"containerfile": "Dockerfile",
    b"cmakelists.txt": "CMake",
    b"meson.build": "Meson",
    b"rakefile": "Ruby",
    b"gemfile": "Ruby",
    b"vagrantfile": "Ruby",
    b"jenkinsfile": "Groovy",
    b"build": "Starlark",
    b"workspace": "Starlark",
    b"sconstruct": "Python",
    b"sconscript": "Python",
    b".bashrc": "Shell",
    b".profile": "Shell",
    b".zshrc": "Shell",
    b".vimrc": "Vim Script",
    b".emacs": "Emacs Lisp",
}
INTERPRETERS = {
    b"awk": "Awk",
    b"bash": "Shell",
    b"dash": "Shell",
    b"elixir": "Elixir",
    b"fish": "Shell",
    b"gawk": "Awk",
    b"groovy": "Groovy",
    b"julia": "Julia",
    b"ksh": "Shell",
    b"lua": "Lua",
    b"make": "Makefile",
    b"node": "JavaScript",
    b"deno": "TypeScript",
    b"perl": "Perl",
    b"php": "PHP",
    b"pwsh": "PowerShell",
    b"python": "Python",
    b"ruby": "Ruby",
    b"rscript": "R",
    b"runhaskell": "Haskell",
    b"sh": "Shell",
    b"tclsh": "Tcl",
    b"wish": "Tcl",
    b"zsh": "Shell",
}
LINE_BYTES = 200
BY_ENDING = {
    ending.encode(): name for name, endings in LANGUAGES.items() for ending in endings.split()
} | {b"mk": "Makefile", b"mak": "Makefile", b"dockerfile": "Dockerfile"}

OTHERS_FOLDERS = frozenset(
    b".git .venv .yarn 3rdparty bower_components dist extern external godeps jspm_packages"
    b" node_modules site-packages third-party third_party thirdparty vendor vendored venv".split()
)
"""Folders with what somebody else wrote or a program made."""

PROSE_FOLDERS = frozenset(b"doc docs documentation example examples sample samples".split())
"""Folders that explain; what stands in them does not say what a repository is written in."""

GENERATED = re.compile(
    rb"(?:[.-]min\.(?:js|css)|\.bundle\.js|_pb2(?:_grpc)?\.pyi?|\.pb\.(?:go|cc|h)|\.designer\.cs"
    rb"|\.g\.dart|\.generated\.\w+|_generated\.\w+|\bparser\.tab\.[ch]|\blex\.yy\.c"
    rb"|\bjquery[-.\d]*(?:\.slim)?\.js)$"
)


def by_name(name: bytes) -> str | None:
    """The language that a file's name tells."""
    name = name.lower()
    if name in NAMED:
        return NAMED[name]
    stem, dot, ending = name.rpartition(b".")
    return BY_ENDING.get(ending) if dot and stem else None


def by_first_line(start: bytes) -> str | None:
    """The language that a script's first line tells."""
    if not start.startswith(b"#!"):
        return None
    words = start[2:LINE_BYTES].split(b"\n", 1)[0].split()
    if words and words[0].endswith(b"/env"):
        words = [word for word in words[1:] if not word.startswith(b"-") and b"=" not in word]
    program = words[0].rpartition(b"/")[2] if words else b""
    return INTERPRETERS.get(program.lower().rstrip(b"0123456789."))


def is_left_out_folder(name: bytes) -> bool:
    """Whether what is below a folder of that name counts for nothing."""
    return name.lower() in OTHERS_FOLDERS or name.lower() in PROSE_FOLDERS


def is_generated(name: bytes) -> bool:
    """Whether a file's name says that a program wrote it."""
    return GENERATED.search(name.lower()) is not None
