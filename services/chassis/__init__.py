"""The technical floor: servers, clients, database, outbox, idempotency, telemetry. It knows no order."""
