"""Software bills of materials: what a repository is made of, as documents for others.

`inventory` puts the components of all its manifests together; `cyclonedx` and `spdx` write them.
Those of others are read by `manifests/bills.py`, like any manifest.
"""
