"""The whole system on this machine: PostgreSQL, Temporal, five services, the worker, and sandboxes of the partners.

    async with Stack(Path(".oms"), ports="auto") as stack:
        stack.addresses["intake"]          # host:port of whatever listens
        stack.kill("postgres")             # as a crash would; a watched stack heals itself
        await stack.until_up("postgres")

Everything durable is in the state folder; whatever is killed, this process included, the next start goes on from there.
"""

import asyncio
import signal
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Self

from deploy.local import layout, processes
from deploy.local.parts import Part
from deploy.local.postgres import Postgres
from deploy.local.record import PartRecord, Record, RecordFile
from deploy.local.supervisor import Supervisor
from services.kernel.clock import Clock, SystemClock

Say = Callable[[str], None]


class Stack:
    """One running system over one state folder."""

    def __init__(
        self,
        home: Path,
        ports: str | Mapping[str, int] = "default",
        *,
        supervise: bool = True,
        fast: bool = False,
        environment: Mapping[str, str] | None = None,
        only: Collection[str] | None = None,
        say: Say = lambda _: None,
        clock: Clock | None = None,
    ) -> None:
        """Describe a stack; nothing is started.

        `supervise=False` leaves dead what dies. `fast` gives up PostgreSQL's durability. `environment` is added to what
        every program is told. `only` names the parts wanted; the others are left out. `say` gets sentences for people.
        """
        self.home = home.absolute()
        chosen = layout.choose(ports)
        stages = layout.stages(self.home, chosen, environment or {}, fast=fast)
        self._stages: list[Sequence[Part]] = [
            [part for part in stage if only is None or part.name in only] for stage in stages
        ]
        self._parts = {part.name: part for stage in self._stages for part in stage}
        self._postgres = next(part for part in stages[0] if isinstance(part, Postgres))
        self.addresses: dict[str, str] = {name: f"127.0.0.1:{port}" for name, port in chosen.items()}
        self._supervise = supervise
        self._say = say
        self._clock = clock or SystemClock()
        self._record = RecordFile(self.home)
        self._records: dict[str, PartRecord] = {}
        self._states: dict[str, str] = {}
        self._started = ""
        self._ready = False
        self._supervisor = Supervisor(self._changed)

    @property
    def database_url(self) -> str:
        """The address of the one database that the services share, each in its own schema."""
        return self._postgres.url

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start everything that is not running, in order; on failure nothing is left running.

        Raises:
            AlreadyRunningError: another process runs this folder's stack.
            PortTakenError: a port is taken; says by whom.
            StartError: a part ended or did not become ready; carries the end of its log.
        """
        self._record.acquire()
        try:
            self._started = self._now()
            for name in await asyncio.to_thread(self._record.stop_orphans):
                self._say(f"stopped {name}, which an earlier supervisor left behind")
            for number, stage in enumerate(self._stages):
                await self._supervisor.start(stage)
                if number == 0:
                    await self._migrate()
            self._ready = True
            self._write()
        except BaseException:
            await self.stop()
            raise
        if self._supervise:
            self._supervisor.watch(self._parts.values())

    async def stop(self) -> None:
        """Stop everything, the last started first; what it holds stays in the state folder."""
        await self._supervisor.stop(reversed(self._stages))
        self._record.release()

    def pid(self, part: str) -> int | None:
        """Return the number of the part's process, or None while it is dead."""
        return self._parts[part].pid

    def kill(self, part: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Kill a part as a crash would, return when it is dead; the number of its process is returned."""
        process = self._parts[part].process
        if process is None:
            raise RuntimeError(f"{part} was never started")
        process.send(number)
        process.wait(10)
        return process.pid

    async def restart(self, part: str) -> None:
        """Stop the part where it runs, start it, and return when it is ready."""
        await self._supervisor.restart(self._parts[part])

    async def until_up(self, part: str, *, seconds: float = 60.0) -> int:
        """Wait until the supervisor has the part up, and return the number of its process."""
        part_is_up = lambda: self._states.get(part) == "UP" and self.pid(part)  # noqa: E731 - it reads as a sentence
        pid = await asyncio.to_thread(processes.until, part_is_up, seconds)
        if not pid:
            raise TimeoutError(f"{part} is not up after {seconds:.0f} s")
        return pid

    @property
    def names(self) -> list[str]:
        """The names of its parts."""
        return list(self._parts)

    def log(self, part: str) -> Path:
        """Return where the part writes its log."""
        return self._parts[part].log

    async def _migrate(self) -> None:
        services = [service for service in layout.SERVICES if service in self._parts]

        def upgrade_all() -> None:
            from services.chassis.migration import upgrade

            for service in services:
                upgrade(self.database_url, service)

        if services:
            self._say("bringing the schemas up to date")
            await asyncio.to_thread(upgrade_all)

    def _changed(self, part: Part, state: str, sentence: str) -> None:
        self._states[part.name] = state
        if part.process:
            known = self._records.get(part.name)
            since = known.started if known and known.process == part.process else self._now()
            self._records[part.name] = PartRecord(
                process=part.process,
                address=part.address,
                log=str(part.log),
                started=since,
                state=state,
                stop_signal=part.stop_signal,
            )
        self._write()
        if sentence or state == "UP":
            self._say(sentence or f"{part.name} is up at {part.address}")

    def _write(self) -> None:
        self._record.write(
            Record(
                supervisor=processes.Identity.own(),
                started=self._started,
                ready=self._ready,
                addresses=self.addresses,
                parts=self._records,
            )
        )

    def _now(self) -> str:
        return self._clock.now().isoformat(timespec="seconds")
