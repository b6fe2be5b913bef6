"""Messages as background work: writing and sending, again and again, for whoever set a way to send them."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from services.chassis.database import translate
from services.chassis.partner import Partner
from services.chassis.service import Parts
from services.chassis.sweeping import forever
from services.intake.domain.messages import Medium
from services.intake.messages import HttpSms, MessagePort, SmtpMail
from services.intake.messaging import Writer
from services.intake.messaging_sending import Quiet, Sender
from services.intake.settings import IntakeSettings
from services.intake.status_links import StatusLinks
from services.kernel.errors import OmsError

TURN_SECONDS = 1.0


def messaging(parts: Parts) -> list[Coroutine[Any, Any, None]]:
    """Return the background work: nothing where there is no way to customers, or the relay is off."""
    settings = IntakeSettings()
    ports = ports_of(parts, settings)
    if not ports or not parts.settings.relay_enabled:
        return []
    writer, sender = writer_of(parts, settings, ports), sender_of(parts, settings, ports)
    return [
        forever("message writing", _discreet(writer.write), TURN_SECONDS),
        forever("message sending", _discreet(sender.send), TURN_SECONDS),
    ]


def ports_of(parts: Parts, settings: IntakeSettings) -> dict[Medium, MessagePort]:
    """Return the ways to customers that are set."""
    ports: dict[Medium, MessagePort] = {}
    if settings.smtp_url and settings.smtp_url.get_secret_value():
        ports[Medium.EMAIL] = SmtpMail(settings.smtp_url.get_secret_value(), sender=settings.mail_from)
    if settings.sms_url:
        partner = Partner(settings.sms_url, name="the text message service", unavailable_reason="SMS_UNAVAILABLE")
        parts.closing.append(partner.close)
        ports[Medium.SMS] = HttpSms(partner)
    return ports


def writer_of(parts: Parts, settings: IntakeSettings, ports: dict[Medium, MessagePort]) -> Writer:
    """Return who writes messages."""
    return Writer(
        database=parts.database,
        clock=parts.clock,
        links=links_of(settings),
        media=frozenset(ports),
        sms_for=settings.sms_for,
    )


def sender_of(parts: Parts, settings: IntakeSettings, ports: dict[Medium, MessagePort]) -> Sender:
    """Return who sends messages."""
    return Sender(
        database=parts.database,
        outbox=parts.outbox,
        clock=parts.clock,
        ports=ports,
        quiet=Quiet(from_hour=settings.quiet_from_hour, to_hour=settings.quiet_to_hour),
        confirm_always=settings.confirm_always,
    )


def links_of(settings: IntakeSettings) -> StatusLinks:
    """Return who signs links to the status of orders."""
    key = settings.status_link_key.get_secret_value() if settings.status_link_key else ""
    return StatusLinks(key, settings.status_page_url)


def _discreet(turn: Callable[[], Awaitable[int]]) -> Callable[[], Awaitable[int]]:
    """Return the turn with errors that quote nothing: those of the database would quote addresses and words."""

    async def told() -> int:
        try:
            return await turn()
        except OmsError:
            raise
        except Exception as error:
            raise translate(error) or OmsError(f"a {type(error).__name__}, which is a bug") from None

    return told
