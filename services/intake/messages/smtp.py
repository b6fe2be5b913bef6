"""E-mail over SMTP. A server takes a message with its answer to DATA: before that, it certainly has not."""

from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import aiosmtplib

from services.intake.messages.port import Letter, Refused, Uncertain
from services.kernel.errors import Unavailable

_SECONDS = 20.0
_SMTPS_PORT = 465
_SMTP_PORT = 25
_POLICY = policy.SMTP.clone(utf8=False)


class SmtpMail:
    """A mail server: `smtp://` (with STARTTLS where it is offered) or `smtps://`, with `user:password@` where asked."""

    keyed = False

    def __init__(self, url: str, *, sender: str, seconds: float = _SECONDS) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("OMS_SMTP_URL must be such as smtp://mail.example.com:587")
        self._tls = parts.scheme == "smtps"
        self._host = parts.hostname
        self._port = parts.port or (_SMTPS_PORT if self._tls else _SMTP_PORT)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._sender = sender
        self._seconds = seconds

    async def send(self, letter: Letter) -> None:
        try:
            content = self._content(letter)
            recipient = _ascii(letter.address)
        except (ValueError, IndexError) as error:
            raise Refused("the address, or the subject, is none that a letter can have") from error
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            use_tls=self._tls,
            timeout=self._seconds,
            username=self._user or None,
            password=self._password or None,
        )
        try:
            await self._offer(client, recipient)
            await self._hand_over(client, content)
        finally:
            client.close()

    async def _offer(self, client: aiosmtplib.SMTP, recipient: str) -> None:
        try:
            await client.connect()
            await client.mail(self._sender)
            await client.rcpt(recipient)
        except aiosmtplib.SMTPResponseException as error:
            # What the server says may quote the address: only its number is kept.
            if error.code >= 500 and isinstance(error, aiosmtplib.SMTPRecipientRefused):
                raise Refused(f"the mail server refuses the recipient ({error.code})") from error
            raise Unavailable(f"the mail server says {error.code}", reason="MAIL_UNAVAILABLE") from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Unavailable(
                f"the mail server does not answer: {type(error).__name__}", reason="MAIL_UNAVAILABLE"
            ) from error

    async def _hand_over(self, client: aiosmtplib.SMTP, content: bytes) -> None:
        try:
            await client.data(content)
        except aiosmtplib.SMTPResponseException as error:
            if error.code >= 500:
                raise Refused(f"the mail server refuses the message ({error.code})") from error
            if error.code < 400:  # no answer that can be read
                raise Uncertain("the mail server answered to the message with nonsense") from error
            raise Unavailable(f"the mail server says {error.code}", reason="MAIL_UNAVAILABLE") from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Uncertain(
                f"the mail server fell silent while it was handed the message: {type(error).__name__}"
            ) from error

    def _content(self, letter: Letter) -> bytes:
        message = EmailMessage(policy=_POLICY)
        _, _, domain = self._sender.rpartition("@")
        message["From"] = Address(letter.sender_name, addr_spec=self._sender)
        message["To"] = Address(addr_spec=_ascii(letter.address))
        message["Subject"] = " ".join(letter.subject.split())
        message["Date"] = letter.send_time
        message["Message-ID"] = f"<{letter.message_id}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        if letter.html:
            message.add_alternative(letter.html, subtype="html")
        return message.as_bytes()


def _ascii(address: str) -> str:
    """Return the address with its domain as it is on the wire.

    Raises:
        ValueError: the part before the @ is not ASCII, which few servers take, or the domain is none.
    """
    local, _, domain = address.rpartition("@")
    if not local.isascii():
        raise ValueError("the local part is not ASCII")
    return f"{local}@{domain.encode('idna').decode()}"
