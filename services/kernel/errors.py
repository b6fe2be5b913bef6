"""The errors of the system, one tree, known on both sides of every call.

    OmsError
    ├── InvalidArgument     the request itself is wrong; the same request will always fail
    ├── Unauthenticated     nobody knows who is calling
    ├── PermissionDenied    the caller is known and may not do this
    ├── NotFound            the thing named does not exist
    ├── AlreadyExists       the thing exists, and differs from what was sent
    ├── FailedPrecondition  right request, wrong moment: the state does not allow it
    ├── Aborted             lost a race; read again and retry
    ├── ResourceExhausted   too much, too large or too often
    ├── DeadlineExceeded    no time was left to do it
    └── Unavailable         a part is down; the same request may succeed later

A service raises these, or its own subclasses of them, and never touches a gRPC code; the chassis turns each into a
`google.rpc.Status` with `ErrorInfo(reason, domain, metadata)` and, in the client, back into the same class.
"""

from collections.abc import Mapping


class OmsError(Exception):
    """Something that went wrong and can be said to the caller.

    `reason` is for machines, UPPER_SNAKE and stable; `message` is for people and says what to do; `metadata` carries
    the changing parts of the message so that no caller has to parse it.
    """

    reason = "UNSPECIFIED"
    retryable = False

    def __init__(self, message: str, *, reason: str | None = None, **metadata: object) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason or type(self).reason
        self.metadata: Mapping[str, str] = {key: str(value) for key, value in metadata.items()}

    def __str__(self) -> str:
        return f"{self.message} [{self.reason}]"


class InvalidArgument(OmsError):
    reason = "INVALID_ARGUMENT"


class Unauthenticated(OmsError):
    reason = "UNAUTHENTICATED"


class PermissionDenied(OmsError):
    reason = "PERMISSION_DENIED"


class NotFound(OmsError):
    reason = "NOT_FOUND"


class AlreadyExists(OmsError):
    reason = "ALREADY_EXISTS"


class FailedPrecondition(OmsError):
    reason = "FAILED_PRECONDITION"


class Aborted(OmsError):
    reason = "ABORTED"
    retryable = True


class ResourceExhausted(OmsError):
    reason = "RESOURCE_EXHAUSTED"
    retryable = True


class DeadlineExceeded(OmsError):
    reason = "DEADLINE_EXCEEDED"
    retryable = True


class Unavailable(OmsError):
    reason = "UNAVAILABLE"
    retryable = True
