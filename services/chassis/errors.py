"""Errors on the wire: each class of `kernel.errors` is one gRPC code, with ErrorInfo for machines, both ways."""

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import DecodeError
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from services.kernel import errors
from services.kernel.errors import OmsError

CODES: dict[type[OmsError], grpc.StatusCode] = {
    errors.InvalidArgument: grpc.StatusCode.INVALID_ARGUMENT,
    errors.Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    errors.PermissionDenied: grpc.StatusCode.PERMISSION_DENIED,
    errors.NotFound: grpc.StatusCode.NOT_FOUND,
    errors.AlreadyExists: grpc.StatusCode.ALREADY_EXISTS,
    errors.FailedPrecondition: grpc.StatusCode.FAILED_PRECONDITION,
    errors.Aborted: grpc.StatusCode.ABORTED,
    errors.ResourceExhausted: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.DeadlineExceeded: grpc.StatusCode.DEADLINE_EXCEEDED,
    errors.Unavailable: grpc.StatusCode.UNAVAILABLE,
}
_CLASSES = {code: error for error, code in CODES.items()}
# We did not cancel (that would be asyncio's CancelledError): a server did that was going down as the call came in.
_CLASSES[grpc.StatusCode.CANCELLED] = errors.Unavailable
# An error travels in HTTP/2 headers, of which gRPC takes 8 KiB: beyond that the caller would hear RESOURCE_EXHAUSTED
# instead of what happened. Texts are cut, never refused; in the message a byte beyond ASCII takes three.
_TEXT_LIMIT = 1000
_MESSAGE_BUDGET = 2000
_DETAILS_BUDGET = 3000


class InvalidFields(errors.InvalidArgument):
    """The request breaks constraints of its proto; `violations` are pairs of field and sentence."""

    def __init__(self, violations: list[tuple[str, str]]) -> None:
        field, sentence = violations[0]
        more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
        super().__init__(f"{field}: {sentence}{more}", field=field)
        self.violations = violations


def code_of(error: OmsError) -> grpc.StatusCode:
    """Return the gRPC code of this error."""
    for kind in type(error).__mro__:
        if kind in CODES:
            return CODES[kind]
    return grpc.StatusCode.INTERNAL


def to_status(error: OmsError, domain: str) -> "rpc_status._Status":
    """Return what goes over the wire for this error."""
    return rpc_status.to_status(to_message(error, domain))


def to_message(error: OmsError, domain: str) -> status_pb2.Status:
    """Return the error as a message, for answers in which some succeed and some do not."""
    info = error_details_pb2.ErrorInfo(reason=error.reason, domain=domain)
    left = _DETAILS_BUDGET
    for key, value in error.metadata.items():
        info.metadata[key] = _cut(value, min(_TEXT_LIMIT, left))
        left = max(0, left - len(key) - len(info.metadata[key].encode()))
    details = [any_pb2.Any()]
    details[0].Pack(info)
    if isinstance(error, InvalidFields):
        bad = error_details_pb2.BadRequest()
        for field, sentence in error.violations:
            violation = error_details_pb2.BadRequest.FieldViolation(
                field=_cut(field, _TEXT_LIMIT), description=_cut(sentence, _TEXT_LIMIT)
            )
            left -= violation.ByteSize()
            if left < 0:
                break
            bad.field_violations.append(violation)
        details.append(any_pb2.Any())
        details[1].Pack(bad)
    code = code_of(error)
    return status_pb2.Status(
        code=code_pb2.Code.Value("CANCELLED" if code is grpc.StatusCode.CANCELLED else code.name),
        message=_cut(error.message, _TEXT_LIMIT if error.message.isascii() else _MESSAGE_BUDGET // 3),
        details=details,
    )


def _cut(text: str, limit: int) -> str:
    """Return as much of the text as fits into so many bytes of UTF-8."""
    return text.encode(errors="replace")[:limit].decode(errors="ignore")


def from_rpc_error(error: grpc.aio.AioRpcError) -> OmsError:
    """Return the error that the server raised; one that no server of ours raised keeps its code's class."""
    status = _status_of(error) or status_pb2.Status()
    return _rebuilt(error.code(), error.details() or error.code().name, status)


def from_message(status: status_pb2.Status) -> OmsError:
    """Return the error that `to_message` made a message of."""
    name = code_pb2.Code.Name(status.code) if status.code in code_pb2.Code.values() else "UNKNOWN"
    code = grpc.StatusCode[name]
    return _rebuilt(code, status.message or code.name, status)


def _rebuilt(code: grpc.StatusCode, message: str, status: status_pb2.Status) -> OmsError:
    kind = _CLASSES.get(code, OmsError)
    for detail in status.details:
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            rebuilt = kind(message, reason=info.reason)
            rebuilt.metadata = dict(info.metadata)
            return rebuilt
    return kind(message, reason=code.name)


def _status_of(error: grpc.aio.AioRpcError) -> status_pb2.Status | None:
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            try:
                return status_pb2.Status.FromString(value)
            except DecodeError:
                return None  # whoever answered is none of ours
    return None
