"""Verbs: what people do. One function, one transaction: ask, check, change, record, promise."""
