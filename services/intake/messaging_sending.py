"""Sending messages: claimed, handed over, ended; and never twice.

A message is SENDING before anybody outside hears of it. Where a sender dies then, or the other side falls silent when
it may have taken the message, it is UNCERTAIN, for an operator to decide; unless the other side does each message once:
then it is sent again.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from services.chassis.database import Database
from services.chassis.outbox import Outbox
from services.intake import store_messages, store_templates
from services.intake.domain.events import EventType, Fact
from services.intake.domain.messages import (
    MOST_ATTEMPTS,
    Medium,
    Message,
    MessageKind,
    MessageState,
    address_digest,
    backoff,
)
from services.intake.domain.quiet_hours import not_before
from services.intake.messages.port import Letter, MessagePort, Refused, Uncertain
from services.intake.recording import record
from services.kernel.clock import Clock
from services.kernel.errors import Unavailable

_log = structlog.get_logger()

_AT_ONCE = 8
# Longer than any way to customers may take.
_ABANDONED_AFTER = timedelta(minutes=5)
_ACTOR = "intake"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """The customer's local hours in which no text message is sent."""

    from_hour: int
    to_hour: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Sends what is due, over the ports that there are."""

    database: Database
    outbox: Outbox
    clock: Clock
    ports: Mapping[Medium, MessagePort]
    quiet: Quiet
    confirm_always: bool

    async def send(self) -> int:
        """Send what is due, and return how many messages were handed over."""
        now = self.clock.now()
        async with self.database.begin() as conn:
            keyed = [medium for medium, port in self.ports.items() if port.keyed]
            uncertain = await store_messages.end_abandoned(conn, now, keyed=keyed)
        if uncertain:
            _log.error("messages are uncertain", messages=uncertain)
        sent = 0
        while True:
            async with self.database.begin() as conn:
                due = await store_messages.claim(conn, now, until=now + _ABANDONED_AFTER, limit=_AT_ONCE)
            sent += sum(await asyncio.gather(*map(self._send, due)))
            if len(due) < _AT_ONCE:
                return sent

    async def _send(self, message: Message) -> bool:
        now = self.clock.now()
        async with self.database.begin() as conn:
            digest = address_digest(message.address)
            unwanted = await store_templates.opted_out(conn, digest, message.kind) and not self._always(message)
            port = self.ports.get(message.medium)
            day = self._day(message, now)
            if unwanted or port is None or day > now:
                suppressed = unwanted or port is None
                await store_messages.end(
                    conn,
                    message,
                    MessageState.SUPPRESSED if suppressed else MessageState.PENDING,
                    reason="opted out" if unwanted else "this way is switched off" if suppressed else "night",
                    next_attempt_time=day,
                )
                return False
        return await self._hand_over(message, port)

    async def _hand_over(self, message: Message, port: MessagePort) -> bool:
        letter = Letter(
            message_id=message.message_id,
            address=message.address,
            sender_name=message.brand,
            subject=message.subject,
            text=message.text,
            html=message.html,
            send_time=self.clock.now(),
        )
        state, reason = MessageState.SENT, ""
        try:
            await port.send(letter)
        except Unavailable as error:
            again = message.attempts < MOST_ATTEMPTS
            state, reason = MessageState.PENDING if again else MessageState.FAILED, error.message
        except Refused as error:
            state, reason = MessageState.FAILED, error.message
        except Uncertain as error:
            state, reason = MessageState.UNCERTAIN, error.message
        await self._end(message, state, reason)
        return state == MessageState.SENT

    async def _end(self, message: Message, state: MessageState, reason: str) -> None:
        now = self.clock.now()
        sent = state == MessageState.SENT
        if not sent:
            _log.warning("message was not sent", message_id=message.message_id, state=state, reason=reason)
        async with self.database.begin() as conn:
            ended = await store_messages.end(
                conn,
                message,
                state,
                reason=reason,
                send_time=now if sent else None,
                next_attempt_time=now + backoff(message.attempts) if state == MessageState.PENDING else None,
            )
            if ended and sent:
                await record(conn, self.outbox, message.order_id, [_sent_fact(message)], now)

    def _day(self, message: Message, now: datetime) -> datetime:
        if message.medium != Medium.SMS:
            return now
        hours = self.quiet
        return not_before(now, message.country_code, from_hour=hours.from_hour, to_hour=hours.to_hour)

    def _always(self, message: Message) -> bool:
        return self.confirm_always and message.kind == MessageKind.CONFIRMED and message.medium == Medium.EMAIL


def _sent_fact(message: Message) -> Fact:
    return Fact(
        type=EventType.MESSAGE_SENT,
        key=message.message_id,
        actor=_ACTOR,
        reason=f"{message.kind.replace('_', ' ').lower()}, by {message.medium.lower()}",
        references={"message_id": message.message_id, "kind": message.kind.value, "medium": message.medium.value},
    )
