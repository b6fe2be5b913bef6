"""Where intake meets payment services: one port, and an adapter for each."""

from services.intake.payments.http import HttpPayments
from services.intake.payments.port import PaymentPort

__all__ = ["HttpPayments", "PaymentPort"]
