"""The port to a node's warehouse management system: every warehouse system has an adapter that does this, no more."""

from collections.abc import Mapping
from typing import Protocol

from services.fulfillment.domain.cancellation import LineAnswer
from services.fulfillment.domain.submission import Submission
from services.fulfillment.domain.work import FulfillmentOrder, Units


class WmsPort(Protocol):
    """What we ask of a warehouse system. Each question has a key, and the same key is the same question."""

    async def submit(self, order: FulfillmentOrder) -> Submission:
        """Give the work to the node; its id is the key.

        Raises:
            Unavailable: WMS_UNAVAILABLE, whether it has the work now is unknown.
        """
        ...

    async def cancel(
        self, fulfillment_order_id: str, units: Units, *, reason: str, key: str
    ) -> Mapping[str, LineAnswer]:
        """Ask the node to stop, and return what it says, by line. Work that it never had, it will not ship.

        Raises:
            Unavailable: WMS_UNAVAILABLE, whether it stops is unknown.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
