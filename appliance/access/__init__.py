"""Who may: the only door to things that a client names."""
