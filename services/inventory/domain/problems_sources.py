"""What inventory refuses about sources.

FailedPrecondition
└── DriftExceptionDecided    it was decided before
NotFound
└── DriftExceptionNotFound   no such difference
InvalidArgument
├── InvalidPart              a part that a snapshot of so many parts cannot have
├── MixedFigures             a message that says both what was counted and what has changed
└── InvalidLimit             a limit below zero
"""

from services.kernel.errors import FailedPrecondition, InvalidArgument, NotFound


class DriftExceptionDecided(FailedPrecondition):
    reason = "DRIFT_EXCEPTION_DECIDED"

    def __init__(self, drift_exception_id: str, state: str) -> None:
        super().__init__(
            f"{drift_exception_id} is {state}: there is nothing to decide",
            drift_exception_id=drift_exception_id,
            state=state,
        )


class DriftExceptionNotFound(NotFound):
    reason = "DRIFT_EXCEPTION_NOT_FOUND"

    def __init__(self, drift_exception_id: str) -> None:
        super().__init__(f"there is no difference {drift_exception_id}", drift_exception_id=drift_exception_id)


class InvalidPart(InvalidArgument):
    reason = "INVALID_PART"

    def __init__(self, part: int, part_count: int) -> None:
        super().__init__(
            f"there is no part {part} of {part_count}: parts are numbered from 1 to part_count, and both are 0 where "
            "all is in one message",
            part=part,
            part_count=part_count,
        )


class MixedFigures(InvalidArgument):
    reason = "MIXED_FIGURES"

    def __init__(self) -> None:
        super().__init__("a message has deltas or counts: send what was counted and what has changed apart")


class InvalidLimit(InvalidArgument):
    reason = "INVALID_LIMIT"

    def __init__(self, units: int, percent: int) -> None:
        super().__init__("neither figure of a limit can be below zero", units=units, percent=percent)
