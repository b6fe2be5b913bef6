"""Where intake meets payment services: one port, and an adapter for each."""

from services.chassis.context import remaining_seconds
from services.chassis.partner import Partner
from services.chassis.service import Parts
from services.intake.payments.http import HttpPayments
from services.intake.payments.port import PaymentPort
from services.intake.settings import IntakeSettings

__all__ = ["HttpPayments", "PaymentPort", "connect"]


def connect(parts: Parts) -> PaymentPort:
    """Return the payment service of the settings, until the service is closed."""
    partner = Partner(
        IntakeSettings().payment_url,
        name="the payment service",
        unavailable_reason="PAYMENT_UNAVAILABLE",
        remaining_seconds=remaining_seconds,
    )
    parts.closing.append(partner.close)
    return HttpPayments(partner)
