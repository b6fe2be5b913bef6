"""Which node ships what, by which service, promised for when, and why."""
