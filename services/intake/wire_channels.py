"""Channels, acknowledgements, saved drafts and credit: messages ⇄ domain."""

from datetime import timedelta

from google.protobuf.duration_pb2 import Duration

from oms.intake.v1 import channel_pb2 as pb
from oms.intake.v1.order_draft_pb2 import OrderDraft
from oms.intake.v1.order_pb2 import ServiceLevel as ServiceLevelNumber
from services.intake.domain.channel import (
    Acknowledgement,
    AcknowledgementKind,
    Channel,
    CustomerCredit,
    HttpDoor,
    Progress,
    Pull,
    SavedDraft,
    SignatureScheme,
    Telling,
)
from services.intake.domain.draft import ServiceLevel
from services.intake.wire_values import money_from, money_message, number_of, stamp, word_from
from services.kernel.errors import InvalidArgument

_KINDS = {
    AcknowledgementKind.X997: pb.Acknowledgement.KIND_997,
    AcknowledgementKind.CONTRL: pb.Acknowledgement.KIND_CONTRL,
}
_MINUTE = timedelta(minutes=1)
_PAGE_SIZE = 50
_RATE = 2.0


def channel_from(message: pb.Channel) -> Channel:
    """Return the channel as it is to be; what only answers have is left out."""
    level = message.service_level
    pull = message.pull
    return Channel(
        channel=message.channel,
        format=message.format,
        brand=message.brand,
        program=message.program,
        locale=message.locale,
        service_level=word_from(ServiceLevelNumber, level, ServiceLevel, ServiceLevel.STANDARD) if level else None,
        secret_name=message.secret_name,
        pull=Pull(
            connector=pull.connector,
            url=pull.url,
            interval=pull.interval.ToTimedelta() if pull.HasField("interval") else _MINUTE,
            page_size=pull.page_size or _PAGE_SIZE,
            account=pull.account,
        ),
        acknowledge_within=message.acknowledge_within.ToTimedelta() if message.HasField("acknowledge_within") else None,
        http=HttpDoor(
            scheme=word_from(pb.SignatureScheme, message.http.scheme, SignatureScheme, SignatureScheme.UNSPECIFIED),
            signature_header=message.http.signature_header.lower(),
            timestamp_header=message.http.timestamp_header.lower(),
            id_header=message.http.id_header.lower(),
        ),
        country_code=message.country_code,
        currency_code=message.currency_code,
        push=Telling(
            url=message.push.url.rstrip("/"),
            secret_name=message.push.secret_name,
            rate_per_second=message.push.rate_per_second or _RATE,
            format=message.push.format,
        ),
    )


def channel_message(channel: Channel, progress: Progress | None = None) -> pb.Channel:
    """Return the channel as a message."""
    message = pb.Channel(
        channel=channel.channel,
        format=channel.format,
        paused=channel.paused,
        pause_reason=channel.pause_reason,
        brand=channel.brand,
        program=channel.program,
        locale=channel.locale,
        service_level=(
            number_of(ServiceLevelNumber, channel.service_level)
            if channel.service_level
            else ServiceLevelNumber.SERVICE_LEVEL_UNSPECIFIED
        ),
        secret_name=channel.secret_name,
        acknowledge_within=_duration(channel.acknowledge_within),
        country_code=channel.country_code,
        currency_code=channel.currency_code,
        etag=channel.etag,
        create_time=stamp(channel.create_time),
        update_time=stamp(channel.update_time),
    )
    if channel.http.scheme:
        message.http.CopyFrom(
            pb.ChannelHttp(
                scheme=number_of(pb.SignatureScheme, channel.http.scheme),
                signature_header=channel.http.signature_header,
                timestamp_header=channel.http.timestamp_header,
                id_header=channel.http.id_header,
            )
        )
    if channel.pull.connector:
        pull = channel.pull
        message.pull.CopyFrom(
            pb.ChannelPull(
                connector=pull.connector,
                url=pull.url,
                interval=_duration(pull.interval),
                page_size=pull.page_size,
                account=pull.account,
            )
        )
        message.progress.CopyFrom(_progress_message(progress or Progress()))
    if channel.push.url:
        push = channel.push
        message.push.CopyFrom(
            pb.ChannelPush(
                url=push.url, secret_name=push.secret_name, rate_per_second=push.rate_per_second, format=push.format
            )
        )
    return message


def acknowledgement_message(found: Acknowledgement, content: bytes = b"") -> pb.Acknowledgement:
    """Return the acknowledgement as a message."""
    return pb.Acknowledgement(
        acknowledgement_id=found.acknowledgement_id,
        document_id=found.document_id,
        channel=found.channel,
        kind=_KINDS[found.kind],
        state=number_of(pb.Acknowledgement.State, found.state),
        late=found.late,
        partner=found.partner,
        control_number=found.control_number,
        own_control_number=found.own_control_number,
        due_time=stamp(found.due_time),
        send_time=stamp(found.send_time),
        create_time=stamp(found.create_time),
        content=content,
    )


def saved_draft_message(draft: SavedDraft) -> pb.SavedDraft:
    """Return the draft as a message."""
    return pb.SavedDraft(
        draft_id=draft.draft_id,
        state=number_of(pb.SavedDraft.State, draft.state),
        order=OrderDraft.FromString(draft.content),
        order_id=draft.order_id,
        actor=draft.actor,
        valid_until_time=stamp(draft.valid_until_time),
        create_time=stamp(draft.create_time),
        update_time=stamp(draft.update_time),
        etag=draft.etag,
    )


def credit_from(message: pb.CustomerCredit) -> CustomerCredit:
    """Return the credit.

    Raises:
        InvalidArgument: INEXACT_AMOUNT, NEGATIVE_AMOUNT.
    """
    limit = money_from(message.limit_amount, message.limit_amount.currency_code, "credit.limit_amount")
    if limit.minor < 0:
        raise InvalidArgument("a limit cannot be negative", reason="NEGATIVE_AMOUNT", field="credit.limit_amount")
    return CustomerCredit(
        customer_reference=message.customer_reference, currency_code=limit.currency_code, limit=limit.minor
    )


def credit_message(credit: CustomerCredit) -> pb.CustomerCredit:
    """Return the credit as a message."""
    return pb.CustomerCredit(
        customer_reference=credit.customer_reference,
        limit_amount=money_message(credit.limit, credit.currency_code),
        used_amount=money_message(credit.used, credit.currency_code),
    )


def _progress_message(progress: Progress) -> pb.ChannelProgress:
    return pb.ChannelProgress(
        cursor=progress.cursor,
        failure_count=progress.failure_count,
        last_error=progress.last_error,
        next_time=stamp(progress.next_time),
        success_time=stamp(progress.success_time),
    )


def _duration(span: timedelta | None) -> Duration | None:
    if span is None:
        return None
    message = Duration()
    message.FromTimedelta(span)
    return message
