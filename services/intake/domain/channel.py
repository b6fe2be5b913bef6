"""Channels as they are set up, what partners are owed, and drafts that become orders later."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.intake.domain.draft import Draft, ServiceLevel

ACKNOWLEDGEMENT = "ack"
DRAFT = "drf"


class SignatureScheme(StrEnum):
    """How an HTTP sender proves that a document is its own."""

    UNSPECIFIED = ""
    SHOPIFY = "SHOPIFY"
    WOOCOMMERCE = "WOOCOMMERCE"
    STANDARD_WEBHOOKS = "STANDARD_WEBHOOKS"
    HMAC_SHA256_HEX = "HMAC_SHA256_HEX"
    HMAC_SHA256_BASE64 = "HMAC_SHA256_BASE64"
    BEARER = "BEARER"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpDoor:
    """The channel's HTTP door; closed where the scheme is not set. Header names are in lower case."""

    scheme: SignatureScheme = SignatureScheme.UNSPECIFIED
    signature_header: str = ""
    timestamp_header: str = ""
    id_header: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """Where orders are fetched; nowhere where `connector` is empty."""

    connector: str = ""
    url: str = ""
    interval: timedelta = timedelta(minutes=1)
    page_size: int = 50
    account: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Where the platform is told what becomes of its orders; nowhere where `url` is empty."""

    url: str = ""
    # The channel's own where it is empty.
    secret_name: str = ""
    rate_per_second: float = 2.0
    # As the channel's format where it is empty.
    format: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel as it is set up; without any of it, it works by its name. `version` 0 is one that was never set up."""

    channel: str
    format: str = ""
    paused: bool = False
    pause_reason: str = ""
    brand: str = ""
    program: str = ""
    locale: str = ""
    service_level: ServiceLevel | None = None
    secret_name: str = ""
    pull: Pull = Pull()
    acknowledge_within: timedelta | None = None
    http: HttpDoor = HttpDoor()
    country_code: str = ""
    currency_code: str = ""
    push: Telling = Telling()
    version: int = 0
    create_time: datetime | None = None
    update_time: datetime | None = None

    @property
    def etag(self) -> str:
        """Every change counts the version up."""
        return f"v{self.version}"

    def with_defaults(self, draft: Draft) -> Draft:
        """Return the draft with what the channel's settings say where it says nothing itself.

        This is for after the order's digest is taken: settings may change between two deliveries of one order.
        """
        if not (self.brand or self.program or self.locale or self.service_level):
            return draft
        details = replace(
            draft.details,
            brand=draft.details.brand or self.brand,
            program=draft.details.program or self.program,
            locale=draft.details.locale or self.locale,
        )
        level = draft.service_level
        if level == ServiceLevel.STANDARD and self.service_level is not None:
            level = self.service_level
        return replace(draft, details=details, service_level=level)


# A channel that was never set up.
NOTHING_SAID = Channel(channel="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a channel has been fetched."""

    cursor: str = ""
    failure_count: int = 0
    last_error: str = ""
    next_time: datetime | None = None
    success_time: datetime | None = None


class AcknowledgementKind(StrEnum):
    """What partners call it."""

    X997 = "997"
    CONTRL = "CONTRL"


class AcknowledgementState(StrEnum):
    """Where an acknowledgement stands."""

    OWED = "OWED"
    MADE = "MADE"
    SENT = "SENT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """What a partner is owed for an interchange; `late` says that its time was over before it was sent."""

    acknowledgement_id: str
    document_id: str
    channel: str
    kind: AcknowledgementKind
    state: AcknowledgementState
    late: bool
    partner: str
    control_number: str
    own_control_number: int
    due_time: datetime
    send_time: datetime | None
    create_time: datetime


class SavedDraftState(StrEnum):
    """What became of a saved draft."""

    OPEN = "OPEN"
    CONFIRMED = "CONFIRMED"
    ABANDONED = "ABANDONED"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedDraft:
    """An order that somebody is putting together; `content` is the OrderDraft message."""

    draft_id: str
    channel: str
    customer_reference: str
    state: SavedDraftState
    content: bytes
    order_id: str
    actor: str
    version: int
    valid_until_time: datetime
    create_time: datetime
    update_time: datetime

    @property
    def etag(self) -> str:
        """Every change counts the version up."""
        return f"v{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerCredit:
    """How much a customer may owe with open orders on terms, and owes, in minor units."""

    customer_reference: str
    currency_code: str
    limit: int
    used: int = 0
