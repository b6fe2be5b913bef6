"""The rules of orders: drafts, rooms, status, holds, payment. No I/O."""
