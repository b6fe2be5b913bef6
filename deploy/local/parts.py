"""A part of the system: one program that is started, asked whether it is ready, and stopped."""

import signal
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import grpc
import httpx
from grpc_health.v1 import health_pb2, health_pb2_grpc

from deploy.local import ports, processes


class Part(ABC):
    """One program with one address."""

    stop_signal = signal.SIGTERM
    stop_seconds = 15.0

    def __init__(self, name: str, port: int, log: Path) -> None:
        self.name = name
        self.port = port
        self.log = log
        self.process: processes.Identity | None = None

    @property
    def address(self) -> str:
        """Where it listens: host:port."""
        return f"{ports.HOST}:{self.port}"

    @property
    def pid(self) -> int | None:
        """The number of the running process, or None."""
        return self.process.pid if self.process and self.process.alive() else None

    def start(self, *, seconds: float = 60.0) -> None:
        """Launch, and return when it is ready.

        Raises:
            PortTakenError: somebody listens where it should.
            StartError: with the end of the log; the process, if it still lives, is left to become ready later.
        """
        self.launch()
        self.await_ready(seconds)

    def await_ready(self, seconds: float) -> None:
        """Return when it is ready; raise `StartError` where it is not in time."""
        if self.process:
            processes.await_ready(self.name, self.process, self.ready, log=self.log, seconds=seconds)

    def stop(self) -> None:
        """Ask it to finish its work, and end it where it takes too long."""
        if self.process:
            self.process.stop(self.stop_signal, seconds=self.stop_seconds)

    @abstractmethod
    def launch(self) -> None:
        """Start the process, and do not wait."""

    @abstractmethod
    def ready(self) -> bool:
        """Tell whether it does its work now."""


class Program(Part):
    """One of our own Python programs, `python -m <module>`."""

    def __init__(
        self,
        name: str,
        module: str,
        port: int,
        *,
        log: Path,
        environment: Mapping[str, str],
        probe: Callable[[str], bool],
    ) -> None:
        """`probe` is asked with the address: `serving` for gRPC, `healthy` for HTTP."""
        super().__init__(name, port, log)
        self._command: Sequence[str] = (sys.executable, "-m", module)
        self._environment = environment
        self._probe = probe

    def launch(self) -> None:
        ports.require_free(self.name, self.port)
        self.process = processes.launch(self._command, log=self.log, environment=self._environment)

    def ready(self) -> bool:
        return self._probe(self.address)


def serving(address: str, service: str = "") -> bool:
    """Ask a gRPC server by the standard health protocol."""
    # A channel of its own for every question: a shared one would wait longer and longer before it tries again.
    with grpc.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(
                health_pb2.HealthCheckRequest(service=service), timeout=1
            )
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def healthy(address: str) -> bool:
    """Ask an HTTP server."""
    try:
        return httpx.get(f"http://{address}/healthz", timeout=1, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
