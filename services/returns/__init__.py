"""Returns: what comes back, in what condition, and what is owed for it."""
