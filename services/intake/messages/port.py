"""What intake needs of whoever carries messages."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.kernel.errors import OmsError


class Refused(OmsError):
    """The message will never be taken."""

    reason = "MESSAGE_REFUSED"


class Uncertain(OmsError):
    """Nobody knows whether the message was taken."""

    reason = "MESSAGE_UNCERTAIN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message ready to go; `message_id` is the same at every attempt."""

    message_id: str
    address: str
    sender_name: str
    subject: str
    text: str
    html: str
    send_time: datetime


class MessagePort(Protocol):
    """One way to customers."""

    # Whether the same message_id twice is one message for the customer: then it may be sent again when in doubt.
    keyed: bool

    async def send(self, letter: Letter) -> None:
        """Hand the message over.

        Raises:
            Unavailable: it was certainly not taken; try again. Refused: it never will be. Uncertain: nobody knows.
        """
        ...
