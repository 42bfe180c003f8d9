"""Numbers beside a reference that runs in turn with us, on the same machine, in the same minutes.

`bench_NAME.py` is one set of measurements: its `run(options)` gives rows for the table. A ratio
says more than seconds: both sides suffer alike from whatever else the machine does.
"""
