"""Every limit of the processes, with its name: how long a call may take, and how it is repeated."""

from datetime import timedelta

from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityConfig

# Calls are repeated for ever: what is down comes back, and an order is never given up because of it. Permanent errors
# are marked as such by the activities and end the repetition at once.
_REPEAT = RetryPolicy(
    initial_interval=timedelta(milliseconds=250), backoff_coefficient=2.0, maximum_interval=timedelta(seconds=20)
)

# A call, or a few calls, to services of our own.
SERVICE_CALL = ActivityConfig(start_to_close_timeout=timedelta(seconds=30), retry_policy=_REPEAT)

# A call that ends at a partner's door: a warehouse system, a carrier, a payment service.
PARTNER_CALL = ActivityConfig(start_to_close_timeout=timedelta(seconds=60), retry_policy=_REPEAT)

# A call that was refused for good is a matter for people; it is tried again after this, in case they mended it.
STUCK_RETRY = timedelta(minutes=15)

# A node that is off may not answer any more: it is asked for its work for so long, and again at the next look.
TAKE_BACK = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=20), schedule_to_close_timeout=timedelta(seconds=60), retry_policy=_REPEAT
)

# Until units that were taken back have been planned again; asked for again and again, in one activity.
FIND_PLAN = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=20),
    schedule_to_close_timeout=timedelta(minutes=2),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(milliseconds=200), backoff_coefficient=1.5, maximum_interval=timedelta(seconds=5)
    ),
)

# What a node leaves alone is home as soon as its own process has written it down: nobody waits for longer.
COMING_HOME = timedelta(seconds=20)
