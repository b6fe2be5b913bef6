"""What the process of a channel decides: in order, at the partner's pace, and patiently while it is down."""

from datetime import timedelta

from workflows.state.channel import (
    AT_ONCE,
    LONGEST,
    LONGEST_PAUSE,
    LOOK_AGAIN,
    Answer,
    ChannelState,
    Look,
    Outcome,
    Report,
    Send,
    StartOver,
    Wait,
)

DONE, REFUSED, AGAIN = Answer(Outcome.DONE), Answer(Outcome.REFUSED), Answer(Outcome.AGAIN, "it answered 503")


def begun(failures: int = 0, pause: timedelta = timedelta()) -> ChannelState:
    return ChannelState.begin(failures=failures, reason="", pause=pause, done=0, refused=0)


def step(state: ChannelState):
    return state.next_step(long_history=False)


def listed(state: ChannelState, *push_ids: str, rate: float = 4.0, paused: bool = False, wait=None) -> None:
    state.looking()
    state.listed(push_ids, paused=paused, rate=rate, waiting=len(push_ids), blocked_orders=len(push_ids), wait=wait)


def failed(state: ChannelState, answer: Answer = AGAIN) -> None:
    listed(state, "a")
    state.sent([answer])
    state.reported()


def test_as_many_are_sent_at_once_as_the_partner_bears_in_a_second():
    state = begun()
    listed(state)
    listed(state, "a", "b", "c")
    assert step(state) == Send(("a", "b", "c"), timedelta(seconds=0.75))
    state.sent([DONE, DONE, REFUSED])
    assert step(state) == Look(4)
    listed(state, "d", rate=100.0)
    state.sent([DONE])
    assert step(state) == Look(AT_ONCE)
    listed(state, "e", rate=0.25)
    assert step(state) == Send(("e",), timedelta(seconds=4))
    state.sent([DONE])
    assert step(state) == Look(1)
    assert state.summary() == "4 told, 1 refused, 1 wait, 1 orders blocked"


def test_where_nothing_waits_it_waits_for_word_and_word_during_a_look_is_not_lost():
    state = begun()
    listed(state)
    assert step(state) == Wait(LOOK_AGAIN, hears_pushes=True)
    state.pushes_waiting()
    assert step(state) == Look(4)
    state.looking()
    state.pushes_waiting()
    state.listed([], paused=False, rate=4.0, waiting=0, blocked_orders=0, wait=None)
    assert step(state) == Look(4)
    listed(state, wait=timedelta(seconds=7))
    assert step(state) == Wait(timedelta(seconds=7), hears_pushes=True)


def test_a_partner_that_fails_is_down_and_is_tried_with_one_push_seldomer_and_seldomer():
    state = begun()
    pauses = []
    for _ in range(12):
        listed(state, "a", "b")
        state.sent([AGAIN, AGAIN] if state.failures == 0 else [AGAIN])
        assert step(state) == Report(state.failures, "it answered 503", state.pause)
        state.reported()
        state.pushes_waiting()
        assert step(state) == Wait(state.pause, hears_pushes=False)
        assert not state.interrupted()
        pauses.append(state.pause.total_seconds())
        state.waited()
        assert step(state) == Look(1)
    assert pauses[:4] == [1, 2, 4, 8]
    assert pauses[-1] == LONGEST_PAUSE.total_seconds() == max(pauses)
    assert state.status() == "Down"
    listed(state, "a", "b")
    assert step(state) == Send(("a",), timedelta(seconds=0.25))
    state.sent([DONE])
    assert step(state) == Report(0, "", timedelta())
    state.reported()
    assert (step(state), state.status()) == (Look(4), "Up")


def test_a_no_is_an_answer_and_one_failure_among_answers_is_still_one():
    state = begun()
    failed(state)
    listed(state, "a")
    state.sent([REFUSED])
    assert state.failures == 0
    state.reported()
    listed(state, "a", "b")
    state.sent([DONE, AGAIN])
    assert state.failures == 1


def test_a_partner_that_says_how_long_is_left_alone_for_so_long():
    state = begun()
    failed(state, Answer(Outcome.AGAIN, "it answered 429", timedelta(seconds=90)))
    assert step(state) == Wait(timedelta(seconds=90), hears_pushes=False)


def test_a_paused_partner_is_sent_nothing_until_somebody_switches_it():
    state = begun()
    listed(state, "a", paused=True)
    assert (step(state), state.status()) == (Wait(LOOK_AGAIN, hears_pushes=True), "Paused")
    state.switched()
    assert state.interrupted()
    assert step(state) == Look(4)
    listed(state, "a")
    state.sent([Answer(Outcome.HELD)])
    assert step(state) == Look(4)


def test_somebody_who_wants_it_tried_now_does_not_wait_for_the_next_try():
    state = begun(failures=9, pause=timedelta(minutes=4))
    assert step(state) == Wait(timedelta(minutes=4), hears_pushes=False)
    state.switched()
    assert step(state) == Look(1)


def test_a_long_history_starts_over_only_between_batches_and_remembers_that_the_partner_is_down():
    state = begun()
    listed(state, "a")
    assert isinstance(state.next_step(long_history=True), Send)
    state.sent([AGAIN])
    assert isinstance(state.next_step(long_history=True), Report)
    state.reported()
    assert isinstance(state.next_step(long_history=True), StartOver)
    assert state.pause_left == state.pause
    state.switched()
    assert state.pause_left == timedelta()
    state = begun()
    for _ in range(LONGEST):
        listed(state, "a")
        state.sent([DONE])
    assert isinstance(step(state), StartOver)
