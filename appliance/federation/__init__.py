"""Sign-in protocols: what is said to the customer's systems, and whether their answers are true.

Nothing here decides who may do what; see README.md.
"""
