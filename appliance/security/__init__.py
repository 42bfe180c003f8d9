"""Cryptography and abuse: passwords, tokens, sealing, signing, throttling. No product rules.

Everything here is given its keys, its clock and its limits; it reads no settings and no database.
Start with `signing.py`: every other key comes from the instance secret that it keeps.
"""
