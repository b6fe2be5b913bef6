"""What intake needs of a risk service."""

from dataclasses import dataclass
from typing import Protocol

from services.intake.domain.draft import Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """How likely an order is a fraud: 0 is no risk, 1 is certain; `reasons` are the service's words."""

    score: float
    reasons: tuple[str, ...] = ()


class RiskPort(Protocol):
    """Somebody outside who judges orders. Asking changes nothing there; the same order has the same answer."""

    async def score(self, draft: Draft) -> Risk:
        """Return the risk of an order that is about to be accepted.

        Raises:
            Unavailable: RISK_UNAVAILABLE; nobody knows.
        """
        ...
