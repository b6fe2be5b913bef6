"""Text messages over HTTP: POST /messages {to, text}, keyed; 2xx is yes, 4xx is no."""

from services.chassis.partner import Partner
from services.intake.messages.port import Letter, Refused


class HttpSms:
    """A service that sends text messages, behind a `Partner`. It does each key once."""

    keyed = True

    def __init__(self, partner: Partner) -> None:
        self._partner = partner

    async def send(self, letter: Letter) -> None:
        body = {"to": letter.address, "text": letter.text}
        answer = await self._partner.post("/messages", body, key=letter.message_id)
        if answer.refused:
            # What it says may quote the number: only its status is kept.
            raise Refused(f"the text message was refused ({answer.status})")
