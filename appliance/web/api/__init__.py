"""The REST API: one module for each row of its table; each meets a service of the same name."""
