"""A mail server and a text message service to practise with: `python -m deploy.local.sandbox.mail`.

Nothing leaves this machine: what is sent is caught, kept in SQLite at OMS_STATE and shown. It listens for HTTP on
OMS_LISTEN and for SMTP on OMS_SMTP_LISTEN (both host:port).

    GET  /                the newest messages, as a page
    GET  /caught          the same as JSON, newest first; ?to= and ?limit= choose
    GET  /caught/{id}     one of them, as it was sent
    POST /messages        {to, text}: a text message; the same `Idempotency-Key` again is the same message
    GET  /healthz

Recipients that begin with "refused" are refused (550), "later" is put off (451), and "silent" is taken without an
answer; text messages to numbers that end with 0000 are refused (422).
"""

import asyncio
import contextlib
import html
import os
import sqlite3
from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import uvicorn
from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

_SCHEMA = """
CREATE TABLE IF NOT EXISTS caught (
    id INTEGER PRIMARY KEY, medium TEXT NOT NULL, key TEXT NOT NULL UNIQUE, recipient TEXT NOT NULL,
    subject TEXT NOT NULL, text TEXT NOT NULL, raw BLOB NOT NULL
) STRICT;
"""
_MOST = 1000


class Mailbox:
    """Everything that was caught; also what aiosmtpd asks when a mail comes."""

    def __init__(self, path: Path | str) -> None:
        if isinstance(path, Path):
            path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.executescript("PRAGMA journal_mode = WAL;" + _SCHEMA)
        # How many mails were taken, those included that came twice.
        self.taken = 0

    def close(self) -> None:
        self._db.close()

    def caught(self, recipient: str = "", limit: int = 100) -> list[dict[str, Any]]:
        """Return what was caught, newest first."""
        rows = self._db.execute(
            "SELECT id, medium, key, recipient, subject, text FROM caught WHERE ? IN ('', recipient)"
            " ORDER BY id DESC LIMIT ?",
            (recipient, min(limit, _MOST)),
        )
        return [dict(row) for row in rows]

    def raw(self, number: int) -> bytes | None:
        """Return one message as it was sent."""
        row = self._db.execute("SELECT raw FROM caught WHERE id = ?", (number,)).fetchone()
        return bytes(row["raw"]) if row else None

    def text_message(self, key: str, recipient: str, text: str) -> None:
        """Take a text message, once per key."""
        self._db.execute(
            "INSERT INTO caught (medium, key, recipient, subject, text, raw) VALUES ('SMS', ?, ?, '', ?, ?)"
            " ON CONFLICT (key) DO NOTHING",
            (key, recipient, text, text.encode()),
        )

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address.startswith("refused"):
            return "550 5.1.1 nobody of this name lives here"
        if address.startswith("later"):
            return "451 4.3.0 not now"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        mail = message_from_bytes(content, policy=policy.default)
        body = mail.get_body(preferencelist=("plain", "html"))
        self.taken += 1
        key = f"{mail['Message-ID']}/{self.taken}" if self._known(str(mail["Message-ID"])) else str(mail["Message-ID"])
        self._db.execute(
            "INSERT INTO caught (medium, key, recipient, subject, text, raw) VALUES ('EMAIL', ?, ?, ?, ?, ?)",
            (
                key,
                ", ".join(envelope.rcpt_tos),
                str(mail["Subject"]),
                str(body.get_content()) if body else "",
                content,
            ),
        )
        if server.transport and any(address.startswith("silent") for address in envelope.rcpt_tos):
            # Taken, and the line goes dead.
            server.transport.close()
        return "250 taken"

    def _known(self, key: str) -> bool:
        return self._db.execute("SELECT 1 FROM caught WHERE key = ?", (key,)).fetchone() is not None


async def listen(mailbox: Mailbox, host: str, port: int) -> asyncio.Server:
    """Take mail there."""
    return await asyncio.get_running_loop().create_server(
        lambda: SMTP(mailbox, hostname="sandbox", enable_SMTPUTF8=True), host, port
    )


def application(mailbox: Mailbox, smtp: tuple[str, int] | None = None) -> Starlette:
    """Return the HTTP face of the mailbox, which takes mail at `smtp` while it runs."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        server = await listen(mailbox, *smtp) if smtp else None
        yield
        if server:
            server.close()
        mailbox.close()

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def caught(request: Request) -> Response:
        limit = request.query_params.get("limit", "100")
        known = mailbox.caught(request.query_params.get("to", ""), int(limit) if limit.isdecimal() else 100)
        return JSONResponse({"caught": known})

    async def one(request: Request) -> Response:
        raw = mailbox.raw(request.path_params["number"])
        return PlainTextResponse(raw) if raw is not None else PlainTextResponse("nothing", 404)

    async def text_message(request: Request) -> Response:
        body, key = await request.json(), request.headers.get("idempotency-key", "")
        if not key or not isinstance(body, dict) or not all(isinstance(body.get(one), str) for one in ("to", "text")):
            return JSONResponse({"reason": "BAD_REQUEST", "message": "needs a key, to and text"}, 400)
        if body["to"].endswith("0000"):
            return JSONResponse({"reason": "REFUSED", "message": "nobody has this number"}, 422)
        mailbox.text_message(key, body["to"], body["text"])
        return JSONResponse({"id": key})

    async def page(_: Request) -> Response:
        return HTMLResponse(_page(mailbox.caught()))

    return Starlette(
        routes=[
            Route("/", page),
            Route("/healthz", healthz),
            Route("/caught", caught),
            Route("/caught/{number:int}", one),
            Route("/messages", text_message, methods=["POST"]),
        ],
        lifespan=lifespan,
    )


def _page(messages: list[dict[str, Any]]) -> str:
    shown = "".join(
        f"<details><summary>{message['medium']} {html.escape(message['recipient'])} "
        f"<b>{html.escape(message['subject'])}</b></summary>"
        f"<pre>{html.escape(message['text'])}</pre><a href='/caught/{message['id']}'>as sent</a></details>"
        for message in messages
    )
    return (
        "<!doctype html><meta charset='utf-8'><title>Caught messages</title>"
        "<body style='font:16px system-ui;margin:24px;max-width:800px'><h1>Caught messages</h1>"
        f"{shown or '<p>None yet.</p>'}"
    )


def _address(name: str, default: str) -> tuple[str, int]:
    host, _, port = os.environ.get(name, default).rpartition(":")
    return host, int(port)


def main() -> None:
    """Serve until told to stop."""
    host, port = _address("OMS_LISTEN", "127.0.0.1:7714")
    mailbox = Mailbox(Path(os.environ.get("OMS_STATE", ".oms/mail.sqlite")))
    app = application(mailbox, _address("OMS_SMTP_LISTEN", "127.0.0.1:7715"))
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
