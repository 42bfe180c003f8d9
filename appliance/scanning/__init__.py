"""What looks dangerous in what people push: bytes in, alerts out.

Nothing is stored or decided here.
"""
