"""The whole system on one machine: real PostgreSQL, real Temporal with its Web UI, every service; loopback only."""
