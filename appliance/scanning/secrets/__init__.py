"""Credentials in what people push: rules that are data, and what decides about a match.

`scanner.SecretScanner` looks at bytes as they are; `deep.DeepScanner` also at other spellings.
"""
