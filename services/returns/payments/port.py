"""What returns needs of a payment service."""

from dataclasses import dataclass
from typing import Protocol

from services.kernel.money import Money


@dataclass(frozen=True, slots=True)
class Refunded:
    """The money is on its way; `reference` is what the payment service calls it."""

    reference: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The payment service says no, for good; `message` is why."""

    message: str


class PaymentPort(Protocol):
    """Money that was captured can be given back, once per key."""

    async def refund(self, *, reference: str, amount: Money, captured: Money, key: str) -> Refunded | Refused:
        """Give the amount back. `captured` is what we know was taken, for a service that a channel paid through.

        Raises:
            Unavailable: PAYMENT_UNAVAILABLE; whether it was given back is unknown, ask again with the same key.
        """
        ...
