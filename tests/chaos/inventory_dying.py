"""The inventory service as a process that can be told to die at its n-th statement, and is born again at once.

A parent imports the service once and forks it; whenever the child is killed it forks another, which listens on the same
port within a fraction of a second. SIGUSR1 kills the child as `kill -9` does; SIGTERM ends both.

What is to happen stands in the file OMS_TEST_DIE, as "<how> <number>"; it is removed at the moment it happens. Counted
are the statements (BEGIN and COMMIT too) of calls by the actor `VICTIM`, since the file was written:

    before          the process dies before it sends the statement
    during          the process dies with the statement sent and no answer heard
    after           the process dies with the answer heard
    backend         PostgreSQL's process behind the connection is killed with the statement sent; all of it starts anew
"""

import contextlib
import os
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from asyncpg.connection import Connection

from services.chassis.context import context_caller
from services.chassis.service import run
from services.inventory.__main__ import SERVICE

VICTIM = "victim"
_STATEMENTS = {"query", "bind", "bind_execute", "bind_execute_many"}


class Fate:
    """Counts statements, and knows when it is time."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._written = 0
        self._count = 0

    def comes(self) -> str:
        """Count a statement; return how to die at it, or nothing."""
        if context_caller() != VICTIM:
            return ""
        try:
            written, (how, number) = self._file.stat().st_mtime_ns, self._file.read_text().split()
        except (OSError, ValueError):
            return ""
        if written != self._written:
            self._written, self._count = written, 0
        self._count += 1
        if self._count != int(number):
            return ""
        self._file.unlink()
        return how


class Counted:
    """The driver's protocol, with every statement counted."""

    def __init__(self, protocol: Any, fate: Fate) -> None:
        self._protocol = protocol
        self._fate = fate

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._protocol, name)
        if name not in _STATEMENTS:
            return found
        return lambda *arguments, **named: self._do(found(*arguments, **named))

    async def _do(self, statement: Coroutine[Any, Any, Any]) -> Any:
        how = self._fate.comes()
        if how == "before":
            _die()
        if how == "during":
            statement.send(None)  # it is written to the socket before anything is waited for
            _die()
        answer = await (_Sent(statement, self._protocol.get_server_pid()) if how == "backend" else statement)
        if how == "after":
            _die()
        return answer


class _Sent:
    """A statement; once it is sent, whoever works on it is killed."""

    def __init__(self, statement: Coroutine[Any, Any, Any], backend: int) -> None:
        self._statement = statement
        self._backend = backend

    def __await__(self) -> Any:
        waiting = self._statement.__await__()
        first = next(waiting)
        os.kill(self._backend, signal.SIGKILL)
        while True:
            try:
                heard = yield first
            except BaseException as error:
                first = waiting.throw(error)
            else:
                first = waiting.send(heard)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _serve() -> None:
    """Be the service."""
    fate = Fate(Path(os.environ["OMS_TEST_DIE"]))
    begin = Connection.__init__

    def counted(self: Any, protocol: Any, *arguments: Any) -> None:
        begin(self, protocol, *arguments)
        self._protocol = Counted(protocol, fate)

    Connection.__init__ = counted
    run(SERVICE)


def main() -> None:
    """Bear the service again and again."""
    child = 0

    def kill(*_: object) -> None:
        if child:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)

    def end(*_: object) -> None:
        kill()
        sys.exit()

    while True:
        for number, do in ((signal.SIGUSR1, kill), (signal.SIGTERM, end)):
            signal.signal(number, do)
        child = os.fork()
        if not child:
            for number in (signal.SIGUSR1, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            _serve()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        child = 0
        if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
            sys.exit(f"the service ended by itself: {status}")


if __name__ == "__main__":
    main()
