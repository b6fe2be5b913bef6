"""How a reader says no: one exception, which the adapter turns into a `Problem` and which never leaves the package."""

from services.intake.domain.draft import Problem

NOT_JSON = "NOT_JSON"
NOT_X12 = "NOT_X12"
NOT_AN_ORDER = "NOT_AN_ORDER"
UNSUPPORTED = "UNSUPPORTED"
MISSING_FIELD = "MISSING_FIELD"
BAD_VALUE = "BAD_VALUE"
UNKNOWN_COUNTRY = "UNKNOWN_COUNTRY"
NO_LINES = "NO_LINES"
NOT_SHIPPABLE = "NOT_SHIPPABLE"
NOT_OPEN = "NOT_OPEN"


class Refusal(Exception):
    """An order, or a whole document, that cannot become a draft: why, where, and what to do about it."""

    def __init__(self, reason: str, position: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.position = position
        self.message = message

    def problem(self, external_id: str = "") -> Problem:
        """Return it as the problem that intake stores."""
        return Problem(reason=self.reason, position=self.position, message=self.message, external_id=external_id)
