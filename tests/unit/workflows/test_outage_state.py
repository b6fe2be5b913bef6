"""What the outage process decides: piece by piece, look by look, until the outage is over."""

from workflows.state.outage import (
    FIRST_LOOK_AGAIN,
    LONGEST,
    LOOK_AGAIN,
    Done,
    Look,
    OutageState,
    Outcome,
    Piece,
    StartOver,
    Take,
    Wait,
)


def begun(looks: int = 0, unanswered: tuple[str, ...] = ()) -> OutageState:
    return OutageState.begin(looks=looks, unanswered=unanswered, moved=0, stayed=0, waiting=0)


def piece(number: int) -> Piece:
    return Piece(f"ful_{number}", "ord_1", "east", None)


def test_work_is_taken_in_the_order_in_which_it_is_listed_and_listed_again_until_nothing_is_left():
    state = begun()
    assert state.next_step(long_history=False) == Look(())
    state.listed([piece(1), piece(2)], ended=False)
    assert state.next_step(long_history=False) == Take(piece(1))
    state.taken(piece(1), Outcome.MOVED)
    assert state.next_step(long_history=False) == Take(piece(2))
    state.taken(piece(2), Outcome.STAYS)
    assert state.next_step(long_history=False) == Look(())
    state.listed([], ended=False)
    assert state.next_step(long_history=False) == Wait(FIRST_LOOK_AGAIN)
    assert state.summary() == "1 moved, 1 stay, 0 wait"


def test_after_the_second_look_it_looks_seldom():
    state = begun()
    for limit in (FIRST_LOOK_AGAIN, LOOK_AGAIN, LOOK_AGAIN):
        state.listed([], ended=False)
        assert state.next_step(long_history=False) == Wait(limit)
        state.waited()
        assert state.next_step(long_history=False) == Look(())


def test_a_node_that_did_not_answer_is_asked_again_at_the_next_look_and_not_before():
    state = begun()
    state.listed([piece(1)], ended=False)
    state.taken(piece(1), Outcome.STAYS, answered=False)
    assert state.next_step(long_history=False) == Look(())
    state.listed([], ended=False)
    assert state.summary().endswith("1 without an answer")
    state.waited()
    assert state.next_step(long_history=False) == Look(("ful_1",))
    state.listed([piece(1)], ended=False)
    state.taken(piece(1), Outcome.MOVED)
    assert state.next_step(long_history=False) == Look(())
    assert state.summary() == "1 moved, 0 stay, 0 wait"


def test_what_is_left_when_the_outage_ends_is_not_taken():
    state = begun()
    state.listed([piece(1), piece(2)], ended=False)
    state.over()
    assert state.next_step(long_history=False) == Done()
    found = begun()
    found.listed([], ended=True)
    assert found.next_step(long_history=False) == Done()


def test_a_long_history_is_left_behind_between_two_looks_and_nothing_is_forgotten():
    state = begun()
    for number in range(LONGEST):
        state.listed([piece(number)], ended=False)
        state.taken(piece(number), Outcome.STAYS, answered=number > 0)
    assert state.next_step(long_history=False) == StartOver()
    assert state.asked_again == {"ful_0"}
    anew = begun(state.looks, tuple(state.asked_again))
    # It is the same look still: the node is asked again at the next one, with another key.
    assert anew.next_step(long_history=True) == Look(())
    anew.listed([], ended=False)
    anew.waited()
    assert anew.looks == state.looks + 1
    assert anew.next_step(long_history=False) == Look(("ful_0",))
    anew.listed([piece(0)], ended=False)
    assert anew.next_step(long_history=True) == Take(piece(0))
