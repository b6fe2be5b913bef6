"""What the sandboxes share as programs: a server that does each key once, and a loop that does what is to be done.

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


# Takes the path's parameters (and "key", the Idempotency-Key) and the body, changes the journal, returns the answer.
Handler = Callable[[Mapping[str, str], Body], Body]
# Does what takes time, and returns what to write in the transaction that also writes that it is done.
Worker = Callable[[Body], Awaitable[Callable[[], None] | None]]


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

    def set_scenario(self, subjects: Sequence[str], behaviours: Sequence[str]) -> Handler:
        """Return a handler of POST /scenario: {<subject>: id, "behaviour": one of these, …}; "normal" ends it."""

        def handle(_path: Mapping[str, str], body: Body) -> Body:
            subject = next((name for name in subjects if body.get(name)), None)
            if subject is None or body.get("behaviour", "normal") not in ("normal", *behaviours):
                raise ValueError(f"needs one of {subjects}, and a behaviour: normal, {', '.join(behaviours)}")
            self.journal.put("scenario", f"{subject}/{body[subject]}", body)
            return body

        return handle

    def scenario(self, *subjects: tuple[str, str]) -> Body:
        """Return the first scenario that was set for one of these, or one in which everything goes well."""
        found = (self.journal.get("scenario", f"{name}/{identity}") for name, identity in subjects)
        return next((body for body in found if body), {"behaviour": "normal"})

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
            try:
                with self.journal.transaction():
                    body = handle({**request.path_params, "key": key or ""}, _read(raw))
                    if key:
                        self.journal.remember(key, digest, 200, body)
            except RefusalError as refusal:  # it changed nothing, so nothing has to be remembered
                return JSONResponse(refusal.body, refusal.status)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                return _bad_request(f"{path}: {type(error).__name__} {error}")
            return JSONResponse(body)

        return answer

    async def _work(self) -> None:
        while True:
            free = _AT_ONCE - len(self._busy)
            for task in self.journal.due_tasks(self.now(), without=frozenset(self._busy), limit=free):
                self._busy[task.lane] = asyncio.create_task(self._do(task))
            await asyncio.sleep(POLL_SECONDS)

    async def _do(self, task: Task) -> None:
        try:
            write = await self.workers[task.name](task.body)
            with self.journal.transaction():
                self.journal.finish(task)
                if write:
                    write()
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


def _bad_request(message: str) -> JSONResponse:
    return JSONResponse({"reason": "BAD_REQUEST", "message": message}, 400)


def _read(raw: bytes) -> Body:
    body = json.loads(raw or b"{}")
    if not isinstance(body, dict):
        raise TypeError("the body must be an object")
    return body


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
