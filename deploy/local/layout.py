"""What the system consists of: its parts, their ports, what each is told, and in which order they are started."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local import ports
from deploy.local.parts import Part, Program, healthy, serving
from deploy.local.postgres import Postgres
from deploy.local.temporal import NAMESPACE, Temporal
from workflows.search_attributes import SERVER_TYPES

SERVICES = ("intake", "inventory", "routing", "fulfillment", "returns")
SANDBOXES = ("wms", "carrier", "payment", "risk")

PORTS: Mapping[str, int] = {
    "postgres": 7654,
    "temporal": 7233,
    "temporal-ui": 8233,
    "intake": 7701,
    # Where webhooks come in.
    "intake-http": 7706,
    "inventory": 7702,
    "routing": 7703,
    "fulfillment": 7704,
    "returns": 7705,
    "wms": 7711,
    "carrier": 7712,
    "payment": 7713,
    "risk": 7719,
    # What customers are sent: shown over HTTP, taken over SMTP.
    "mail": 7714,
    "smtp": 7715,
    # Sales channels: polled, and sending webhooks.
    "channel": 7716,
    "worker": 7720,
}


def choose(how: str | Mapping[str, int]) -> dict[str, int]:
    """Return a port for everything that listens: the usual ones ("default"), free ones ("auto"), or as given."""
    if isinstance(how, str) and how not in ("default", "auto"):
        raise ValueError(f'ports are "default" or "auto", not "{how}"')
    if how == "auto":
        return dict(zip(PORTS, ports.free(len(PORTS)), strict=True))
    return {**PORTS, **(how if isinstance(how, Mapping) else {})}


def stages(home: Path, port: Mapping[str, int], extra: Mapping[str, str], *, fast: bool) -> list[Sequence[Part]]:
    """Return the parts: those of a stage are started together, a stage when the one before it is ready."""
    logs = home / "logs"
    postgres = Postgres(home / "postgres", port["postgres"], fast=fast, log=logs / "postgres.log")
    temporal = Temporal(
        home / "temporal", port["temporal"], port["temporal-ui"], SERVER_TYPES, log=logs / "temporal.log"
    )
    shared = {
        "OMS_DATABASE_URL": postgres.url,
        "OMS_TEMPORAL_ADDRESS": temporal.address,
        "OMS_TEMPORAL_NAMESPACE": NAMESPACE,
        **{f"OMS_{name.upper()}_ADDRESS": f"{ports.HOST}:{port[name]}" for name in SERVICES},
        **{f"OMS_{name.upper()}_URL": f"http://{ports.HOST}:{port[name]}" for name in SANDBOXES},
        "OMS_SMTP_URL": f"smtp://{ports.HOST}:{port['smtp']}",
        "OMS_SMS_URL": f"http://{ports.HOST}:{port['mail']}",
        "OMS_MAIL_FROM": "orders@shop.example",
        "OMS_CHANNEL_URL": f"http://{ports.HOST}:{port['channel']}",
        "OMS_INTAKE_HTTP_LISTEN": f"{ports.HOST}:{port['intake-http']}",
        "OMS_INTAKE_FOLDER": str(home / "channels"),
        "OMS_SECRETS_DIR": str(home / "secrets"),
        "PYTHONUNBUFFERED": "1",
        **extra,
    }

    def program(name: str, module: str, *, grpc: bool = False, **own: str) -> Program:
        environment = {**shared, "OMS_LISTEN": f"{ports.HOST}:{port[name]}", **own}
        probe = serving if grpc else healthy
        return Program(name, module, port[name], log=logs / f"{name}.log", environment=environment, probe=probe)

    def sandbox(name: str, smtp: str = "") -> Program:
        state = str(home / f"{name}.sqlite")
        return program(name, f"deploy.local.sandbox.{name}", OMS_STATE=state, OMS_SMTP_LISTEN=smtp)

    return [
        (postgres, temporal),
        (
            *map(sandbox, SANDBOXES),
            sandbox("channel"),
            sandbox("mail", f"{ports.HOST}:{port['smtp']}"),
            *(program(name, f"services.{name}", grpc=True) for name in SERVICES),
        ),
        (program("worker", "workflows.worker", OMS_HEALTH_PORT=str(port["worker"])),),
    ]
