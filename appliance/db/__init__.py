"""The database: the only room that knows which one it is."""
