"""The port to carriers. Every carrier, or broker of carriers, has an adapter that does this and no more."""

from dataclasses import dataclass
from typing import Protocol

from services.fulfillment.domain.address import Address
from services.fulfillment.domain.shipment import Direction, ShipmentLine


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRequest:
    """What a label is bought for. `address` is the customer's: where it goes, or for a return, where it comes from."""

    key: str
    direction: Direction
    order_id: str
    reference: str
    node_id: str
    address: Address
    carrier_code: str
    service_code: str
    lines: tuple[ShipmentLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What was bought, by the carrier's own words for itself."""

    tracking_number: str
    label_uri: str
    carrier_code: str
    service_code: str


class CarrierPort(Protocol):
    """What we ask of a carrier. The same key is the same label."""

    async def purchase_label(self, request: LabelRequest) -> Label:
        """Buy a label.

        Raises:
            Unavailable: CARRIER_UNAVAILABLE, whether it was bought is unknown.
            LabelRefused: the carrier will not take the parcel.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
