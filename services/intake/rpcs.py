"""What every group of RPCs is made of."""

from services.chassis.service import Parts
from services.intake.cancelling import Canceller
from services.intake.changing import changer_of
from services.intake.channel_changes import ChannelChanges
from services.intake.channels import FORMATS
from services.intake.ingesting import Reader
from services.intake.paying import Till
from services.intake.payments import PaymentPort
from services.intake.process import Process
from services.intake.pushing_work import sender_of
from services.intake.renewing import Renewer
from services.intake.screening import Screener, screener_of
from services.intake.watching import Feed


def reader_of(parts: Parts, screener: Screener | None = None) -> Reader:
    """Return what reads documents, for RPCs and for the doors."""
    return Reader(
        database=parts.database,
        outbox=parts.outbox,
        clock=parts.clock,
        formats=FORMATS,
        change=ChannelChanges(database=parts.database, clock=parts.clock, change=changer_of(parts).change_by_document),
        screener=screener or screener_of(parts),
    )


class Rpcs:
    """The parts of the service that its RPCs share."""

    def __init__(self, parts: Parts, payments: PaymentPort) -> None:
        self._parts = parts
        self._db = parts.database
        self._outbox = parts.outbox
        self._once = parts.idempotency.once
        self._clock = parts.clock
        self._wake_relay = parts.relay.wake
        self._screener = screener_of(parts)
        self._reader = reader_of(parts, self._screener)
        self._till = Till(database=parts.database, outbox=parts.outbox, payments=payments, clock=parts.clock)
        self._renewer = Renewer(parts.database, parts.outbox, payments, parts.clock)
        self._changer = changer_of(parts)
        self._feed = Feed(parts.database)
        self._process = Process(parts.temporal)
        self._push_sender = sender_of(parts)
        self._canceller = Canceller(
            database=parts.database,
            outbox=parts.outbox,
            process=self._process,
            clock=parts.clock,
            limit_seconds=parts.settings.call_timeout_seconds,
        )
