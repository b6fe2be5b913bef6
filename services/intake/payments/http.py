"""A payment service over HTTP: POST /captures, /renewals and /voids, keyed; 2xx is yes, 4xx is no."""

from datetime import datetime

from services.chassis.partner import Answer, Partner
from services.kernel.money import Money


class HttpPayments:
    """The payment service behind a `Partner`."""

    def __init__(self, partner: Partner) -> None:
        self._partner = partner

    async def capture(self, *, reference: str, amount: Money, authorized: Money, key: str) -> bool:
        return await self._post("/captures", reference, amount, authorized, key)

    async def void(self, *, reference: str, amount: Money, authorized: Money, key: str) -> bool:
        return await self._post("/voids", reference, amount, authorized, key)

    async def renew(self, *, reference: str, amount: Money, authorized: Money, key: str) -> datetime | None:
        answer = await self._send("/renewals", reference, amount, authorized, key)
        until = answer.body.get("expire_time")
        return datetime.fromisoformat(until) if isinstance(until, str) and not answer.refused else None

    async def _post(self, path: str, reference: str, amount: Money, authorized: Money, key: str) -> bool:
        return not (await self._send(path, reference, amount, authorized, key)).refused

    async def _send(self, path: str, reference: str, amount: Money, authorized: Money, key: str) -> Answer:
        body = {
            "reference": reference,
            "amount_minor": amount.minor,
            "currency_code": amount.currency_code,
            "authorized_minor": authorized.minor,
        }
        return await self._partner.post(path, body, key=key)
