"""Delivery: bytes to other systems, and what these say to them. It decides nothing about people.

A target takes a batch and comes back when the receiver has it for good, as far as it can say so.
"""
