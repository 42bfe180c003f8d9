"""Which of two versions is the later one, by the rules of the ecosystem they belong to.

`order.key_of` is the face of all: a version becomes a key, and keys of one ecosystem are compared
as tuples are. Each ecosystem is one file with one function, `key`.
"""
