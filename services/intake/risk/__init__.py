"""Where intake meets risk services: one port, and an adapter for each."""

from functools import cache

from services.chassis.context import remaining_seconds
from services.chassis.partner import Partner
from services.chassis.service import Parts
from services.intake.risk.http import HttpRisk
from services.intake.risk.port import Risk, RiskPort
from services.intake.settings import IntakeSettings

__all__ = ["HttpRisk", "Risk", "RiskPort", "connect"]


def connect(parts: Parts) -> RiskPort:
    """Return the risk service of the settings, until the service is closed; it is reached for when first asked."""

    @cache
    def partner() -> Partner:
        settings = IntakeSettings()
        opened = Partner(
            settings.risk_url,
            name="the risk service",
            unavailable_reason="RISK_UNAVAILABLE",
            timeout_seconds=settings.risk_timeout_seconds,
            remaining_seconds=remaining_seconds,
        )
        parts.closing.append(opened.close)
        return opened

    return HttpRisk(partner)
