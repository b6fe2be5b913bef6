"""What the sandboxes share as programs: an HTTP server that does each key once, and a loop that does what is to be done.

Settings, from the environment: OMS_LISTEN (host:port), OMS_STATE (the journal's file), OMS_SANDBOX_SPEED (seconds that
one step takes, 0.4 where not set).
"""

import asyncio
import contextlib
import hashlib
import json
import os
import sys
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from deploy.local.sandbox.journal import Body, Journal, Task
from services.kernel.clock import Clock, SystemClock
from services.kernel.errors import FailedPrecondition, InvalidArgument, NotFound, OmsError

POLL_SECONDS = 0.02
_LONGEST_PAUSE = 5.0
_AT_ONCE = 32
# Trying again cannot help. Everything else is tried until it succeeds.
_PERMANENT = (InvalidArgument, NotFound, FailedPrecondition)


class RefusalError(Exception):
    """The sandbox says no."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"reason": reason, "message": message}


# Takes the path's parameters and the body, changes the journal, and returns the answer. It must not await.
Handler = Callable[[Mapping[str, str], Body], Body]
Worker = Callable[[Body], Awaitable[None]]


@dataclass(slots=True)
class Sandbox:
    """One partner: routes for what it is asked, workers for what it does by itself."""

    name: str
    journal: Journal
    clock: Clock = field(default_factory=SystemClock)
    speed: float = field(default_factory=lambda: float(os.environ.get("OMS_SANDBOX_SPEED", "0.4")))
    posts: dict[str, Handler] = field(default_factory=dict)
    gets: dict[str, Handler] = field(default_factory=dict)
    workers: dict[str, Worker] = field(default_factory=dict)
    closing: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    _busy: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def later(self, lane: str, name: str, body: Mapping[str, object], *, steps: float = 1.0) -> None:
        """Have `name` done with `body` in this many steps' time, after everything else of the lane."""
        self.journal.add_task(lane, name, body, due=self.now() + steps * self.speed)

    def now(self) -> float:
        """Return the time in seconds."""
        return self.clock.now().timestamp()

    def app(self) -> Starlette:
        """Return the HTTP application, which also does what is to be done while it runs."""
        routes = [Route("/healthz", self._health)]
        routes += [Route(path, self._post(path, handle), methods=["POST"]) for path, handle in self.posts.items()]
        routes += [Route(path, self._get(handle), methods=["GET"]) for path, handle in self.gets.items()]
        return Starlette(routes=routes, lifespan=self._lifespan)

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        loop = asyncio.create_task(self._work())
        yield
        await _end([loop, *self._busy.values()])
        for close in self.closing:
            await close()
        self.journal.close()

    async def _health(self, _request: Request) -> JSONResponse:
        return JSONResponse({"name": self.name, "given_up": self.journal.given_up()})

    def _get(self, handle: Handler) -> Callable[[Request], Awaitable[JSONResponse]]:
        async def answer(request: Request) -> JSONResponse:
            try:
                return JSONResponse(handle(request.path_params, {}))
            except RefusalError as refusal:
                return JSONResponse(refusal.body, refusal.status)

        return answer

    def _post(self, path: str, handle: Handler) -> Callable[[Request], Awaitable[JSONResponse]]:
        async def answer(request: Request) -> JSONResponse:
            raw = await request.body()
            key = request.headers.get("idempotency-key")
            digest = hashlib.sha256(request.url.path.encode() + raw).hexdigest()
            if key and (before := self.journal.answer(key)):
                if before[0] != digest:
                    return JSONResponse({"reason": "KEY_REUSED", "message": "the key was used for another body"}, 409)
                return JSONResponse(before[2], before[1])
            status, body = 200, {}
            with self.journal.transaction():
                try:
                    body = handle(request.path_params, _read(raw))
                except RefusalError as refusal:
                    status, body = refusal.status, refusal.body
                except (KeyError, TypeError, ValueError, AttributeError) as error:
                    status, body = 400, {"reason": "BAD_REQUEST", "message": f"{path}: {type(error).__name__} {error}"}
                if key:
                    self.journal.remember(key, digest, status, body)
            return JSONResponse(body, status)

        return answer

    async def _work(self) -> None:
        while True:
            free = _AT_ONCE - len(self._busy)
            for task in self.journal.due_tasks(self.now(), without=frozenset(self._busy), limit=free):
                self._busy[task.lane] = asyncio.create_task(self._do(task))
            await asyncio.sleep(POLL_SECONDS)

    async def _do(self, task: Task) -> None:
        try:
            await self.workers[task.name](task.body)
            self.journal.finish(task)
        except _PERMANENT as error:
            self._log(task, error, "given up")
            self.journal.give_up(task, str(error))
        except Exception as error:
            pause = min(self.speed * 2 ** min(task.attempts, 10), _LONGEST_PAUSE)
            self._log(task, error, f"again in {pause:.1f} s")
            self.journal.postpone(task, self.now() + pause)
        finally:
            self._busy.pop(task.lane, None)

    def _log(self, task: Task, error: Exception, then: str) -> None:
        print(f"{self.name}: {task.name} of {task.lane}: {error}; {then}", file=sys.stderr, flush=True)
        if not isinstance(error, OmsError):
            traceback.print_exception(error)


def serve(sandbox: Sandbox) -> None:
    """Listen on OMS_LISTEN until SIGTERM."""
    host, _, port = os.environ.get("OMS_LISTEN", "127.0.0.1:0").rpartition(":")
    uvicorn.run(sandbox.app(), host=host, port=int(port), log_level="warning", access_log=False)


def journal() -> Journal:
    """Return the journal at OMS_STATE."""
    return Journal(os.environ.get("OMS_STATE", ":memory:"))


def _read(raw: bytes) -> Body:
    body = json.loads(raw or b"{}")
    if not isinstance(body, dict):
        raise TypeError("the body must be an object")
    return body


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
