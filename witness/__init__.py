"""A witness: a small program that signs the states of logs of others, if each continues the last.

It runs on a machine that is not the log's, and needs nothing of the appliance: one key file, one
SQLite file. Start reading at `judge.py`, which decides; `state.py` remembers, `server.py` answers
over HTTP. Protocol: c2sp.org/tlog-witness.
"""
