"""Subscribers of the feed: what each wants, how far it is, and what becomes of it when it does not answer."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.intake.domain.events import Event, EventType
from services.intake.domain.feed import FeedPosition, cursor_of

FIRST_BACKOFF = timedelta(seconds=1)
SLOWEST_BACKOFF = timedelta(minutes=15)
# For how long events are signed with the old secret too.
OLD_SECRET = timedelta(days=1)
_ERROR_LENGTH = 300


class Switch(StrEnum):
    """Whether anything is sent."""

    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    # The subscriber itself said that it is gone.
    OFF = "OFF"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which events a subscriber wants; what is empty does not filter."""

    event_types: frozenset[EventType] = frozenset()
    channels: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    order_ids: frozenset[str] = frozenset()

    @property
    def by_order(self) -> bool:
        """Whether more than the event itself must be known to tell."""
        return bool(self.channels or self.regions)

    def takes(self, event: Event, *, channel: str, region: str) -> bool:
        """Tell whether this event is wanted."""
        return (
            (not self.event_types or event.fact.type in self.event_types)
            and (not self.order_ids or event.order_id in self.order_ids)
            and (not self.channels or channel in self.channels)
            and (not self.regions or region in self.regions)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Since when a subscriber does not take what it is sent, and what it said last."""

    since_time: datetime
    attempts: int
    error: str
    event_id: str
    cursor: str
    next_attempt_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One subscriber; `secrets` are what its events are signed with, the newest first."""

    name: str
    url: str
    switch: Switch
    wanted: Wanted
    position: FeedPosition
    secret: str
    old_secret: str
    old_secret_expire_time: datetime | None
    create_time: datetime
    update_time: datetime
    # Changed whenever somebody changes the subscription or takes the lease: whoever holds an older one writes nothing.
    turn: int = 0
    lease_end_time: datetime | None = None
    delivered_count: int = 0
    deliver_time: datetime | None = None
    failure: Failure | None = None

    def secrets(self, now: datetime) -> tuple[str, ...]:
        """Return what events are signed with."""
        old = self.old_secret_expire_time is not None and now < self.old_secret_expire_time
        return (self.secret, self.old_secret) if old else (self.secret,)

    def due(self, now: datetime) -> bool:
        """Tell whether something may be sent, and nobody else is at it."""
        leased = self.lease_end_time is not None and now < self.lease_end_time
        waits = self.failure is not None and now < self.failure.next_attempt_time
        return self.switch == Switch.ACTIVE and not leased and not waits


def failed(before: Failure | None, event: Event, error: str, now: datetime, *, jitter: float) -> Failure:
    """Return the failure after one more attempt; `jitter` between 0 and 1 spreads the next ones."""
    attempts = before.attempts + 1 if before else 1
    wait = min(SLOWEST_BACKOFF, FIRST_BACKOFF * 2 ** min(attempts - 1, 20))
    return Failure(
        since_time=before.since_time if before else now,
        attempts=attempts,
        error=error[:_ERROR_LENGTH],
        event_id=event.event_id,
        cursor=cursor_of(event),
        next_attempt_time=now + wait * (0.5 + jitter / 2),
    )


def resumed(subscription: Subscription, now: datetime) -> Subscription:
    """Return the subscription going on from where it was, to be tried at once."""
    failure = subscription.failure
    tried = replace(failure, next_attempt_time=now) if failure else None
    return replace(subscription, switch=Switch.ACTIVE, failure=tried, update_time=now)


def replayed(subscription: Subscription, position: FeedPosition, now: datetime) -> Subscription:
    """Return the subscription at another point of the feed, to be tried at once."""
    return replace(subscription, position=position, failure=None, update_time=now)


def rotated(subscription: Subscription, secret: str, now: datetime) -> Subscription:
    """Return the subscription with a new secret; the last one is good for a while."""
    return replace(subscription, secret=secret, old_secret=subscription.secret, old_secret_expire_time=now + OLD_SECRET)
