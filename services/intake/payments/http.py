"""A payment service over HTTP: POST /captures and /voids, keyed; 2xx is yes, 4xx is no."""

from services.chassis.partner import Partner
from services.kernel.money import Money


class HttpPayments:
    """The payment service behind a `Partner`."""

    def __init__(self, partner: Partner) -> None:
        self._partner = partner

    async def capture(self, *, reference: str, amount: Money, authorized: Money, key: str) -> bool:
        return await self._post("/captures", reference, amount, authorized, key)

    async def void(self, *, reference: str, amount: Money, authorized: Money, key: str) -> bool:
        return await self._post("/voids", reference, amount, authorized, key)

    async def _post(self, path: str, reference: str, amount: Money, authorized: Money, key: str) -> bool:
        body = {
            "reference": reference,
            "amount_minor": amount.minor,
            "currency_code": amount.currency_code,
            "authorized_minor": authorized.minor,
        }
        return not (await self._partner.post(path, body, key=key)).refused
