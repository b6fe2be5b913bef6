"""Where intake meets its customers: one port, an adapter for each medium, and the words."""

from services.intake.messages.port import Letter, MessagePort, Refused, Uncertain
from services.intake.messages.sms import HttpSms
from services.intake.messages.smtp import SmtpMail

__all__ = ["HttpSms", "Letter", "MessagePort", "Refused", "SmtpMail", "Uncertain"]
