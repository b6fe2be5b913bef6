"""A payment service to practise with: `python -m deploy.local.sandbox.payment`.

It keeps books as a real one does, in SQLite at OMS_STATE, and listens on OMS_LISTEN (host:port). Amounts are in minor
units. Every POST may carry an `Idempotency-Key`: the same key and body get the first answer, whatever happened in
between; another body gets 409.

    POST /authorizations  {reference, amount_minor, currency_code}
    POST /captures        {reference, amount_minor, currency_code, authorized_minor}
    POST /voids           {reference, amount_minor, currency_code, authorized_minor}
    POST /renewals        {reference, amount_minor, currency_code, authorized_minor}: set aside for a week longer; 402
                          for references that begin with "fleeting"
    POST /refunds         {reference, amount_minor, currency_code, captured_minor}
    GET  /ledger          every reference with its sums; GET /ledger/{reference} also with its entries
    GET  /healthz

A sales channel authorizes and captures without telling us, so a reference that is new here is entered with what the
body says that the channel did: `authorized_minor`, or, for a refund, `captured_minor`. From then on the books decide.

200 {"id", "state"}; 402 {"reason": "DECLINED", "message"} for every reference that begins with "decline"; 422
{"reason", "message"} for more than is authorized (OVER_AUTHORIZED), more than was captured (OVER_CAPTURED), another
currency (CURRENCY_MISMATCH), a reference that is used (REFERENCE_USED) or not known (UNKNOWN_REFERENCE); 400 for bodies
that make no sense (BAD_REQUEST).
"""

import contextlib
import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.kernel.clock import SystemClock

_SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
    reference TEXT PRIMARY KEY, currency_code TEXT NOT NULL, authorized_minor INTEGER NOT NULL,
    captured_minor INTEGER NOT NULL, voided_minor INTEGER NOT NULL, refunded_minor INTEGER NOT NULL,
    CHECK (captured_minor + voided_minor <= authorized_minor), CHECK (refunded_minor <= captured_minor)
) STRICT;
CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY, reference TEXT NOT NULL REFERENCES accounts, state TEXT NOT NULL,
    amount_minor INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, digest TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL
) STRICT;
"""
_LARGEST = 2**53
_KINDS = ("authorizations", "captures", "renewals", "voids", "refunds")
_RENEWED = timedelta(days=7)


class RefusalError(Exception):
    """The books, or the bank, say no."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"reason": reason, "message": message}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a POST asks for; `known_minor` is what the channel did before we heard of the reference."""

    reference: str
    amount_minor: int
    currency_code: str
    known_minor: int | None


class Books:
    """The ledger. Every POST is one transaction: its key, its entry and its answer are there together or not at all."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;" + _SCHEMA
        )

    def post(self, kind: str, key: str, raw: bytes) -> tuple[int, dict[str, Any]]:
        """Carry out a POST once, and return its answer."""
        digest = hashlib.sha256(kind.encode() + b"\n" + raw).hexdigest()
        with self._transaction():
            known = self._db.execute("SELECT digest, status, body FROM answers WHERE key = ?", (key,)).fetchone()
            if known and known["digest"] != digest:
                return 409, {"reason": "KEY_REUSED", "message": f"the key {key} was used for another request"}
            if known:
                return known["status"], json.loads(known["body"])
            status, body = self._carry_out(kind, raw)
            if key:
                row = (key, digest, status, json.dumps(body))
                self._db.execute("INSERT INTO answers (key, digest, status, body) VALUES (?, ?, ?, ?)", row)
            return status, body

    def accounts(self, reference: str | None = None) -> list[dict[str, Any]]:
        """Return the sums of this reference, or of all."""
        where, values = ("WHERE reference = ?", (reference,)) if reference else ("", ())
        return [dict(row) for row in self._db.execute(f"SELECT * FROM accounts {where} ORDER BY reference", values)]

    def entries(self, reference: str) -> list[dict[str, Any]]:
        """Return what happened to this reference, oldest first."""
        rows = self._db.execute(
            "SELECT id, state, amount_minor FROM entries WHERE reference = ? ORDER BY id", (reference,)
        )
        return [dict(row) for row in rows]

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _carry_out(self, kind: str, raw: bytes) -> tuple[int, dict[str, Any]]:
        try:
            order = _read(raw, "captured_minor" if kind == "refunds" else "authorized_minor")
            state = self._entry(kind, order)
        except RefusalError as refusal:
            return refusal.status, refusal.body
        entry = self._db.execute(
            "INSERT INTO entries (reference, state, amount_minor) VALUES (?, ?, ?)",
            (order.reference, state, order.amount_minor),
        )
        body = {"id": f"{state}-{entry.lastrowid}", "state": state}
        if kind == "renewals":
            body["expire_time"] = (SystemClock().now() + _RENEWED).isoformat()
        return 200, body

    def _entry(self, kind: str, order: Order) -> str:
        if order.reference.startswith("decline"):
            raise RefusalError(402, "DECLINED", "the bank declined")
        match kind:
            case "authorizations":
                return self._authorize(order)
            case "captures":
                return self._capture(order)
            case "renewals":
                return self._renew(order)
            case "voids":
                return self._void(order)
            case _:
                return self._refund(order)

    def _authorize(self, order: Order) -> str:
        if self.accounts(order.reference):
            raise RefusalError(422, "REFERENCE_USED", f"{order.reference} is authorized already")
        self._open(order, authorized=order.amount_minor, captured=0)
        return "authorized"

    def _renew(self, order: Order) -> str:
        if order.reference.startswith("fleeting"):
            raise RefusalError(402, "DECLINED", "the bank sets it aside no longer")
        account = self._account(order, captured=False)
        left = account["authorized_minor"] - account["captured_minor"] - account["voided_minor"]
        _limit(order, left, "OVER_AUTHORIZED")
        return "renewed"

    def _capture(self, order: Order) -> str:
        account = self._account(order, captured=False)
        _limit(
            order, account["authorized_minor"] - account["captured_minor"] - account["voided_minor"], "OVER_AUTHORIZED"
        )
        return self._add(order, "captured")

    def _void(self, order: Order) -> str:
        account = self._account(order, captured=False)
        _limit(
            order, account["authorized_minor"] - account["captured_minor"] - account["voided_minor"], "OVER_AUTHORIZED"
        )
        return self._add(order, "voided")

    def _refund(self, order: Order) -> str:
        account = self._account(order, captured=True)
        _limit(order, account["captured_minor"] - account["refunded_minor"], "OVER_CAPTURED")
        return self._add(order, "refunded")

    def _account(self, order: Order, *, captured: bool) -> dict[str, Any]:
        if not self.accounts(order.reference):
            if order.known_minor is None:
                raise RefusalError(422, "UNKNOWN_REFERENCE", f"nothing is known of {order.reference}")
            self._open(order, authorized=order.known_minor, captured=order.known_minor if captured else 0)
        account = self.accounts(order.reference)[0]
        if account["currency_code"] != order.currency_code:
            raise RefusalError(422, "CURRENCY_MISMATCH", f"{order.reference} is in {account['currency_code']}")
        return account

    def _open(self, order: Order, *, authorized: int, captured: int) -> None:
        row = (order.reference, order.currency_code, authorized, captured)
        self._db.execute("INSERT INTO accounts VALUES (?, ?, ?, ?, 0, 0)", row)

    def _add(self, order: Order, state: str) -> str:
        self._db.execute(
            f"UPDATE accounts SET {state}_minor = {state}_minor + ? WHERE reference = ?",
            (order.amount_minor, order.reference),
        )
        return state


def application(books: Books) -> Starlette:
    """Return the HTTP face of these books."""

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ledger(_: Request) -> Response:
        return JSONResponse({"accounts": books.accounts()})

    async def account(request: Request) -> Response:
        reference = request.path_params["reference"]
        found = books.accounts(reference)
        if not found:
            return JSONResponse({"reason": "UNKNOWN_REFERENCE", "message": f"nothing is known of {reference}"}, 404)
        return JSONResponse({**found[0], "entries": books.entries(reference)})

    def post(kind: str) -> Route:
        async def endpoint(request: Request) -> Response:
            status, body = books.post(kind, request.headers.get("idempotency-key", ""), await request.body())
            return JSONResponse(body, status)

        return Route(f"/{kind}", endpoint, methods=["POST"])

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/ledger", ledger),
            Route("/ledger/{reference:path}", account),
            *map(post, _KINDS),
        ]
    )


def _read(raw: bytes, known: str) -> Order:
    try:
        body = json.loads(raw)
        order = Order(
            reference=body["reference"],
            amount_minor=body["amount_minor"],
            currency_code=body["currency_code"],
            known_minor=body.get(known),
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RefusalError(400, "BAD_REQUEST", f"not what was expected: {error}") from error
    amounts = [order.amount_minor, 0 if order.known_minor is None else order.known_minor]
    texts = [order.reference, order.currency_code]
    if not all(type(one) is int and 0 <= one <= _LARGEST for one in amounts) or order.amount_minor == 0:
        raise RefusalError(400, "BAD_REQUEST", "amounts are whole minor units, and not nothing")
    if not all(isinstance(one, str) and one for one in texts):
        raise RefusalError(400, "BAD_REQUEST", "reference and currency_code are texts")
    if any("\ud800" <= letter <= "\udfff" or letter == "\0" for letter in "".join(texts)):
        raise RefusalError(400, "BAD_REQUEST", "reference and currency_code are readable texts")
    return order


def _limit(order: Order, most: int, reason: str) -> None:
    if order.amount_minor > most:
        raise RefusalError(422, reason, f"{most} minor units of {order.reference} are left, not {order.amount_minor}")


def main() -> None:
    """Serve until told to stop."""
    host, _, port = os.environ.get("OMS_LISTEN", "127.0.0.1:7713").rpartition(":")
    books = Books(Path(os.environ.get("OMS_STATE", ".oms/payment.sqlite")))
    uvicorn.run(application(books), host=host, port=int(port), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
