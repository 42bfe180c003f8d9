"""The door of the jobs: what was promised is handed on, done, tried again, and done regularly.

`relay.py` hands promised jobs to the queue, `worker.py` does them with `tasks.py`, `schedule.py`
promises what happens regularly. The rows, not the queue, say what there is to do.
"""
