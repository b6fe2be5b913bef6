"""Outages: a node or a carrier service that is off for a while, and why a switch is refused."""

from dataclasses import dataclass
from datetime import datetime

from services.kernel.errors import FailedPrecondition, InvalidArgument, NotFound


class UnclearSwitch(InvalidArgument):
    reason = "UNCLEAR_SWITCH"

    def __init__(self) -> None:
        super().__init__("name either a node, or a carrier and its service")


class ReasonMissing(InvalidArgument):
    reason = "REASON_MISSING"

    def __init__(self) -> None:
        super().__init__("say why it is switched off: people will read it in decisions")


class OutageNotFound(NotFound):
    reason = "OUTAGE_NOT_FOUND"

    def __init__(self, outage_id: str) -> None:
        super().__init__(
            f"there is no outage {outage_id!r}; `oms route outages` shows those that are", outage_id=outage_id
        )


class CarrierServiceNotFound(NotFound):
    reason = "CARRIER_SERVICE_NOT_FOUND"

    def __init__(self, carrier_code: str, service_code: str) -> None:
        super().__init__(
            f"there is no carrier service {carrier_code}/{service_code}",
            carrier_code=carrier_code,
            service_code=service_code,
        )


class AlreadyOff(FailedPrecondition):
    reason = "ALREADY_OFF"

    def __init__(self, subject: "Subject", outage_id: str) -> None:
        super().__init__(f"{subject} is off already; switch it on first to begin anew", outage_id=outage_id)


class AlreadyOn(FailedPrecondition):
    reason = "ALREADY_ON"

    def __init__(self, subject: "Subject") -> None:
        super().__init__(
            f"{subject} is not off by an outage; where it was disabled by hand, enable it by hand", subject=subject
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is switched: a node, or a carrier service wherever it is used."""

    node_id: str = ""
    carrier_code: str = ""
    service_code: str = ""

    def __str__(self) -> str:
        return f"node {self.node_id}" if self.node_id else f"service {self.carrier_code}/{self.service_code}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Something is off, or was."""

    outage_id: str
    subject: Subject
    reason: str
    replans: bool
    actor: str
    start_time: datetime
    end_time: datetime | None = None


def subject_of(*, node_id: str, carrier_code: str, service_code: str) -> Subject:
    """Return what is meant.

    Raises:
        UnclearSwitch: it is neither a node nor a service, or both.
    """
    named = bool(carrier_code), bool(service_code)
    if (node_id and any(named)) or not (node_id or all(named)):
        raise UnclearSwitch
    return Subject(node_id=node_id, carrier_code=carrier_code, service_code=service_code)
