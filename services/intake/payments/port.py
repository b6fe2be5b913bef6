"""What intake needs of a payment service."""

from datetime import datetime
from typing import Protocol

from services.kernel.money import Money


class PaymentPort(Protocol):
    """Money that was set aside when the order was placed can be taken, or given back; each once per key."""

    async def capture(self, *, reference: str, amount: Money, authorized: Money, key: str) -> bool:
        """Take the amount; False where the payment service declines.

        Raises:
            Unavailable: PAYMENT_UNAVAILABLE; whether it was taken is unknown, ask again with the same key.
        """
        ...

    async def renew(self, *, reference: str, amount: Money, authorized: Money, key: str) -> datetime | None:
        """Set the amount aside for longer; return until when, None where the payment service declines.

        Raises:
            Unavailable: PAYMENT_UNAVAILABLE; ask again with the same key.
        """
        ...

    async def void(self, *, reference: str, amount: Money, authorized: Money, key: str) -> bool:
        """Give the amount back; False where there was nothing to give back.

        Raises:
            Unavailable: PAYMENT_UNAVAILABLE.
        """
        ...
