"""How patiently a backorder waits: it tries again when stock is told of, more slowly the more often in vain."""

from dataclasses import dataclass
from datetime import datetime, timedelta

# After a fruitless attempt to fill a backorder the next one waits this long at least, doubling up to the maximum.
FIRST_RETRY = timedelta(minutes=1)
SLOWEST_RETRY = timedelta(hours=6)
# A backorder that nothing has filled by then is cancelled.
LIMIT = timedelta(days=30)


@dataclass(slots=True)
class Patience:
    """When to try again, and when to give up. Nothing waits while `since` is None."""

    since: datetime | None = None
    retry_at: datetime | None = None
    _not_before: datetime | None = None
    _pause: timedelta = FIRST_RETRY

    def attempted(self, now: datetime, *, waiting: bool, fruitful: bool, news: bool) -> None:
        """Take note of an attempt; `news` says that stock was told of while it was under way."""
        if not waiting:
            self.over()
            return
        if self.since is None or fruitful:
            self._pause, self._not_before = FIRST_RETRY, now
        else:
            # Stock is told of that this order cannot have (excluded, or gone again): do not spin.
            self._not_before = now + self._pause
            self._pause = min(self._pause * 2, SLOWEST_RETRY)
        self.since = self.since or now
        # Stock that comes is told by signal; this is the net below it.
        self.retry_at = now + SLOWEST_RETRY
        if news:
            self.told(now)

    def told(self, now: datetime) -> None:
        """Take note that stock came."""
        if self.since:
            self.retry_at = max(now, self._not_before or now)

    def over(self) -> None:
        """Take note that nothing waits any more."""
        self.since = self.retry_at = self._not_before = None
        self._pause = FIRST_RETRY

    def due(self, now: datetime) -> bool:
        """Tell whether it is time to try again."""
        return self.retry_at is not None and self.retry_at <= now

    def exhausted(self, now: datetime) -> bool:
        """Tell whether it has waited too long."""
        return self.since is not None and now >= self.since + LIMIT

    def moments(self, now: datetime) -> list[datetime]:
        """Return when there will be something to do. A retry that is due already waits for something else: a hold."""
        if self.since is None:
            return []
        return [self.since + LIMIT, *([self.retry_at] if self.retry_at and self.retry_at > now else [])]
