"""The whole system, from outside: its command line, its API, and what its partners' books say in the end."""
