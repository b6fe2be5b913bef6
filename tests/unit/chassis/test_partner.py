"""The HTTP client for partners, against a socket that answers what the test wrote down."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable

import pytest

from services.chassis.partner import Partner
from services.kernel.errors import DeadlineExceeded, Unavailable


class Sandbox:
    """Answers every request with the same bytes, and remembers what was asked."""

    def __init__(self) -> None:
        self.answer = b""
        self.pause = 0.0
        self.heads: list[str] = []
        self.bodies: list[object] = []

    def says(self, status: int, body: str, *, kind: str = "application/json") -> None:
        payload = body.encode()
        head = f"HTTP/1.1 {status} Word\r\nContent-Type: {kind}\r\nContent-Length: {len(payload)}\r\n\r\n"
        self.answer = head.encode() + payload

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                self.heads.append(head.lower())
                length = next(
                    (int(row.split(":")[1]) for row in head.lower().split("\r\n") if "content-length" in row), 0
                )
                self.bodies.append(json.loads(await reader.readexactly(length) or b"null"))
                for part in (bytes([byte]) for byte in self.answer) if self.pause else (self.answer,):
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(self.pause)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except asyncio.CancelledError:
            pass  # the test is over
        finally:
            writer.close()


@pytest.fixture
async def sandbox() -> AsyncIterator[tuple[Sandbox, Callable[..., Partner]]]:
    sandbox = Sandbox()
    server = await asyncio.start_server(sandbox.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    made: list[Partner] = []

    def partner(**options) -> Partner:
        made.append(
            Partner(f"http://127.0.0.1:{port}", name="the depot", unavailable_reason="DEPOT_UNAVAILABLE", **options)
        )
        return made[-1]

    yield sandbox, partner
    for one in made:
        await one.close()
    server.close()


async def test_a_write_carries_its_key_and_its_body_and_brings_back_the_answer(sandbox) -> None:
    depot, partner = sandbox
    depot.says(201, '{"reference": "D-1"}')
    answer = await partner().post("/work", {"sku": "A"}, key="ful_1/submit")
    assert (answer.status, answer.body, answer.refused) == (201, {"reference": "D-1"}, False)
    assert depot.bodies == [{"sku": "A"}]
    assert "idempotency-key: ful_1/submit" in depot.heads[0]


async def test_a_no_is_an_answer_with_the_partners_words(sandbox) -> None:
    depot, partner = sandbox
    depot.says(409, '{"message": "we are closed"}')
    answer = await partner().post("/work", {}, key="k")
    assert answer.refused
    assert answer.message == "we are closed"


async def test_a_no_that_is_not_json_is_still_an_answer(sandbox) -> None:
    depot, partner = sandbox
    depot.says(404, "<h1>nowhere</h1>", kind="text/html")
    answer = await partner().get("/work/1")
    assert (answer.status, answer.message) == (404, "<h1>nowhere</h1>")


@pytest.mark.parametrize("status", [301, 408, 425, 429, 500, 502, 503])
async def test_a_partner_in_trouble_is_unavailable_for_the_reason_that_the_caller_gave(sandbox, status) -> None:
    depot, partner = sandbox
    depot.says(status, "{}")
    with pytest.raises(Unavailable) as error:
        await partner().post("/work", {}, key="k")
    assert error.value.reason == "DEPOT_UNAVAILABLE"
    assert str(status) in error.value.message


@pytest.mark.parametrize("body", ["[1]", "not json", '{"half":'])
async def test_a_yes_that_cannot_be_read_is_unavailable_and_not_a_yes(sandbox, body) -> None:
    depot, partner = sandbox
    depot.says(200, body)
    with pytest.raises(Unavailable, match="DEPOT_UNAVAILABLE"):
        await partner().post("/work", {}, key="k")


async def test_nobody_there_is_unavailable() -> None:
    partner = Partner("http://127.0.0.1:9", name="nobody", unavailable_reason="DEPOT_UNAVAILABLE")
    with pytest.raises(Unavailable, match="DEPOT_UNAVAILABLE"):
        await partner.get("/")
    await partner.close()


async def test_a_partner_that_drips_its_answer_is_given_up_at_the_limit_of_the_whole_call(sandbox) -> None:
    depot, partner = sandbox
    depot.says(200, "{}")
    depot.pause = 0.02  # each byte comes within the limit, all of them together do not
    with pytest.raises(Unavailable, match="DEPOT_UNAVAILABLE"):
        await partner(timeout_seconds=5.0, remaining_seconds=lambda: 0.3).post("/work", {}, key="k")


async def test_a_call_without_time_left_asks_nobody(sandbox) -> None:
    depot, partner = sandbox
    with pytest.raises(DeadlineExceeded):
        await partner(remaining_seconds=lambda: -1.0).post("/work", {}, key="k")
    assert depot.heads == []
