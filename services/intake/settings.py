"""What intake is told by its environment, beyond what every service is told."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class IntakeSettings(BaseSettings):
    """Read from the environment, prefix OMS_."""

    model_config = SettingsConfigDict(env_prefix="OMS_", frozen=True)

    # Where the payment service listens.
    payment_url: str = "http://127.0.0.1:7713"

    # Where the risk service listens, and how long it is waited for: asked only where a screening rule looks at it.
    risk_url: str = "http://127.0.0.1:7719"
    risk_timeout_seconds: Annotated[float, Field(gt=0, le=10)] = 1.0
    # How far apart two orders of the same customer, units and total may be to be held as possible duplicates; 0: never.
    duplicate_minutes: Annotated[int, Field(ge=0, le=1440)] = 10

    # Where webhooks come in (host:port), and the watched folder; each is off where it is not set.
    intake_http_listen: str = ""
    intake_folder: Path | None = None
    # Where the secrets of channels are found as files, beside OMS_SECRET_<NAME> in the environment.
    secrets_dir: Path | None = None

    # Whether subscribers may be told over http beyond this machine.
    subscriber_allow_http: bool = False

    # Messages to customers: each way is off where it is not set. smtp://, or smtps:// for TLS from the first byte; with
    # user:password@ where the server asks for it.
    smtp_url: SecretStr | None = None
    sms_url: str | None = None
    # Who e-mails are from.
    mail_from: str = "orders@localhost"
    # Brands and channels whose customers get text messages; "*" for all.
    sms_for: frozenset[str] = frozenset()
    # The customer's local hours in which no text message is sent: from the first, to the second.
    quiet_from_hour: Annotated[int, Field(ge=0, le=23)] = 21
    quiet_to_hour: Annotated[int, Field(ge=0, le=23)] = 8
    # Whether an order is confirmed by e-mail even to who opted out of everything.
    confirm_always: bool = True
    # Signs links to the status of an order; there are none without it. At least 32 bytes.
    status_link_key: Annotated[SecretStr, Field(min_length=32)] | None = None
    # The page such a link leads to: "?token=…" is added.
    status_page_url: str = ""
