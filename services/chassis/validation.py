"""What the protos ask of a request, and where it is not so. Light: command lines check files with it."""

from typing import Any

import protovalidate
from google.protobuf.message import Message

from services.chassis.errors import InvalidFields
from services.kernel.errors import InvalidArgument

_validator = protovalidate.Validator()


def validate(request: Message) -> None:
    """Let a request pass that keeps the rules of its proto.

    Raises:
        InvalidFields: it does not.
    """
    try:
        violations = _validator.collect_violations(request)
    except protovalidate.CompilationError:
        raise
    except Exception as error:
        raise InvalidArgument(f"the request cannot be checked: {error}") from None
    if violations:
        raise InvalidFields([(path_of(one), one.proto.message or one.proto.rule_id) for one in violations])


def path_of(violation: Any) -> str:
    """Return the place of a violation, such as "lines[2].sku"."""
    parts = []
    for element in violation.proto.field.elements if violation.proto.field else ():
        subscript = element.subscript  # an index or a key, where there is one
        parts.append(f"{element.field_name}[{subscript.value}]" if subscript else element.field_name)
    return ".".join(parts)
