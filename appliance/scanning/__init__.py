"""What looks dangerous in what people push: bytes in, findings out.

Nothing is stored or decided here.
"""
