"""Licences: what components and files say of theirs, in one spelling, and what becomes of it.

`expressions` reads, `spellings` knows what people write instead of identifiers, `policy` decides,
`detection` looks into manifests and `texts` into licence files and headers.
"""
