"""Pages for people: parse, open a unit of work, call one verb, present. Complete without script."""
