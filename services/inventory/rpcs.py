"""What every group of RPCs is made of."""

from services.chassis.service import Parts
from services.inventory.changes import Changes
from services.inventory.moving import Moving
from services.inventory.queues import Queues
from services.inventory.rights import Rights
from services.inventory.sources import Sources
from services.inventory.supplying import Supplying


class Rpcs:
    """The parts of the service that its RPCs share."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._database = parts.database
        self._clock = parts.clock
        self._once = parts.idempotency.once
        self._queues = Queues(parts.outbox, parts.clock)
        self._moving = Moving(self._queues, parts.clock)
        self._changes = Changes(self._moving, parts.clock)
        self._supplying = Supplying(self._moving, self._changes, self._queues, parts.clock)
        self._sources = Sources(self._moving, parts.outbox, parts.clock)
        self._rights = Rights(self._moving, parts.clock)
