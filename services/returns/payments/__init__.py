"""Where returns meets payment services: one port, and an adapter for each."""

from services.returns.payments.http import HttpPayments
from services.returns.payments.port import PaymentPort, Refunded, Refused

__all__ = ["HttpPayments", "PaymentPort", "Refunded", "Refused"]
