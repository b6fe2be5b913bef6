"""`oms message`: what customers were told, in which words, and who does not want it."""

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.markup import escape

from oms.intake.v1 import message_service_pb2 as rpc
from oms.intake.v1.message_pb2 import Message, MessageKind, MessageMedium
from oms.intake.v1.message_service_pb2_grpc import MessageServiceStub
from services.cli_output import AsJson, call, emit, err, out, request_id, run, table
from services.intake.cli_render import Key, Limit, OrderId, when, word

app = typer.Typer(help="Messages: what customers are told.", no_args_is_help=True, rich_markup_mode="rich")

Answer = TypeVar("Answer")
MessageId = Annotated[str, typer.Argument(help="The message, msg_….")]
Kind = Annotated[str, typer.Argument(help="What it says, such as SHIPPED.")]
Brand = Annotated[str, typer.Option(help="For orders of this brand; for all where not named.")]
Language = Annotated[str, typer.Option(help="In this language, such as de; for all where not named.")]
Part = Annotated[str, typer.Option(help="A file in Jinja; - for standard input.")]
COLUMNS = ("Message", "Order", "Says", "By", "State", "Tries", "Sent", "Why")


@app.command("list", epilog="Examples: oms message list --state UNCERTAIN   ·   oms message list --order ord_01…")
def list_messages(
    *,
    order_id: Annotated[str, typer.Option("--order", help="Only of this order.")] = "",
    state: Annotated[str, typer.Option(help="Only in this state, such as FAILED.")] = "",
    kind: Annotated[str, typer.Option(help="Only of this kind, such as SHIPPED.")] = "",
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List messages, newest first."""
    request = rpc.ListMessagesRequest(
        order_id=order_id,
        state=_value(Message.State, "STATE_", state or "UNSPECIFIED"),
        kind=_value(MessageKind, "MESSAGE_KIND_", kind or "UNSPECIFIED"),
        page_size=limit,
    )
    found = _ask(lambda stub: stub.ListMessages(request))
    emit(found, as_json=as_json, render=lambda: table("Messages", COLUMNS, map(_row, found.messages)))


@app.command(epilog="Example: oms message show msg_01…")
def show(*, message_id: MessageId, as_json: AsJson = False) -> None:
    """Show a message with its words."""
    answer = _ask(lambda stub: stub.GetMessage(rpc.GetMessageRequest(message_id=message_id)))
    emit(answer, as_json=as_json, render=lambda: _show(answer.message))


@app.command(epilog="Example: oms message retry msg_01…")
def retry(*, message_id: MessageId, key: Key = "", as_json: AsJson = False) -> None:
    """Send a message once more that failed, or of which nobody knows whether it was taken."""
    request = rpc.RetryMessageRequest(request_id=key or request_id(), message_id=message_id)
    answer = _ask(lambda stub: stub.RetryMessage(request))
    emit(answer, as_json=as_json, render=lambda: table("", COLUMNS, [_row(answer.message)]))


@app.command(epilog="Example: oms message templates")
def templates(*, limit: Limit = 50, as_json: AsJson = False) -> None:
    """List the templates that were written; the others are built in."""
    found = _ask(lambda stub: stub.ListMessageTemplates(rpc.ListMessageTemplatesRequest(page_size=limit)))
    rows = [
        (word(MessageKind, one.kind), one.brand or "all", one.language or "all", escape(one.subject), one.updated_by)
        for one in found.templates
    ]
    emit(found, as_json=as_json, render=lambda: table("Templates", ("Says", "Brand", "In", "Subject", "By"), rows))


@app.command(epilog="Example: oms message template SHIPPED --brand acme --language de --text shipped.txt --try")
def template(
    *,
    kind: Kind,
    brand: Brand = "",
    language: Language = "",
    subject: Annotated[str, typer.Option(help="The subject, in Jinja.")] = "",
    text: Part = "",
    html: Part = "",
    sms: Annotated[str, typer.Option(help="The text message, in Jinja.")] = "",
    only_try: Annotated[bool, typer.Option("--try", help="Only show what it becomes for a made-up order.")] = False,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Write a template, once it works for a made-up order; without any words it is removed."""
    words: dict[str, Any] = {"subject": subject, "text": _read(text), "html": _read(html), "sms": sms}
    place: dict[str, Any] = {
        "kind": _value(MessageKind, "MESSAGE_KIND_", kind),
        "brand": brand,
        "language": language,
    }
    if only_try:
        tried = _ask(lambda stub: stub.CheckMessageTemplate(rpc.CheckMessageTemplateRequest(**place, **words)))
        emit(tried, as_json=as_json, render=lambda: _print(tried.subject, tried.text, tried.sms))
        return
    request = rpc.SetMessageTemplateRequest(request_id=key or request_id(), **place, **words)
    answer = _ask(lambda stub: stub.SetMessageTemplate(request))
    emit(answer, as_json=as_json, render=lambda: out.print("Written." if any(words.values()) else "Removed."))


@app.command(
    epilog="Examples: oms message opt-out robin@example.com   ·   oms message opt-out +15185550100 --kind SHIPPED"
)
def opt_out(
    *,
    address: Annotated[str, typer.Argument(help="An e-mail address, or a telephone number with its country.")],
    kind: Annotated[list[str] | None, typer.Option(help="Only of this kind; may be repeated.")] = None,
    again: Annotated[bool, typer.Option("--again", help="The messages are wanted again.")] = False,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Note that somebody wants no more messages, or wants them again."""
    request = rpc.SetMessageConsentRequest(
        request_id=key or request_id(),
        address=address,
        kinds=[_value(MessageKind, "MESSAGE_KIND_", one) for one in kind or ()],
        opted_out=not again,
    )
    answer = _ask(lambda stub: stub.SetMessageConsent(request))
    emit(answer, as_json=as_json, render=lambda: out.print("Noted."))


@app.command(epilog="Example: oms message link ord_01… --days 7")
def link(
    *,
    order_id: OrderId,
    days: Annotated[int, typer.Option(min=1, max=400, help="For how many days it is good.")] = 30,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Make a link with which a customer sees an order."""
    request = rpc.CreateStatusLinkRequest(request_id=key or request_id(), order_id=order_id, valid_days=days)
    answer = _ask(lambda stub: stub.CreateStatusLink(request))
    emit(answer, as_json=as_json, render=lambda: out.print(answer.url or answer.token, highlight=False))


@app.command(epilog="Example: oms message status 1001 robin@example.com")
def status(
    *,
    order_number: Annotated[str, typer.Argument(help="The number that the customer knows.")],
    email: Annotated[str, typer.Argument(help="The e-mail address it was placed with.")],
    as_json: AsJson = False,
) -> None:
    """Show what a customer may see of an order."""
    known = rpc.GetOrderStatusViewRequest.Known(order_number=order_number, email=email)
    answer = _ask(lambda stub: stub.GetOrderStatusView(rpc.GetOrderStatusViewRequest(known=known)))
    rows = [(escape(line.title), line.quantity, line.status_text) for line in answer.view.lines]
    title = f"{escape(answer.view.order_number)}: {answer.view.status_text}"
    emit(answer, as_json=as_json, render=lambda: table(title, ("What", "Units", "Where"), rows))


def _row(message: Message) -> tuple[object, ...]:
    return (
        message.message_id,
        message.order_id,
        word(MessageKind, message.kind),
        word(MessageMedium, message.medium),
        word(Message.State, message.state),
        message.attempts,
        when(message.send_time),
        escape(message.reason),
    )


def _show(message: Message) -> None:
    table("", COLUMNS, [_row(message)])
    _print(message.subject, message.text)


def _print(*parts: str) -> None:
    for part in parts:
        if part:
            out.print(part, markup=False, highlight=False)


def _read(file: str) -> str:
    if not file:
        return ""
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text()
    except (OSError, ValueError) as error:
        err.print(f"{file} cannot be read: {error}", markup=False)
        raise typer.Exit(2) from None


def _value(enum: Any, prefix: str, name: str) -> Any:
    try:
        return enum.Value(prefix + name.upper().replace("-", "_"))
    except ValueError:
        known = ", ".join(key.removeprefix(prefix) for key in enum.keys()[1:])
        err.print(f"There is no {name!r}. Choose of {known}.", markup=False)
        raise typer.Exit(2) from None


def _ask(use: Callable[[MessageServiceStub], Awaitable[Answer]]) -> Answer:
    return run(call(MessageServiceStub, lambda settings: settings.intake_address, use))
