"""The transition table is the one of the specification, and nothing leaves an end state."""

from pipelines.delivery import SETTLED, STEP_FROM, STEP_TO, TRANSITIONS, State, Step, may_move


def test_every_state_is_in_the_table():
    assert set(TRANSITIONS) == set(State)


def test_steps_lead_from_registered_to_loaded():
    state = State.REGISTERED
    for step in Step:
        assert state in STEP_FROM[step]
        assert may_move(state, STEP_TO[step])
        state = STEP_TO[step]
    assert state is State.LOADED


def test_anything_before_loaded_may_fail_and_a_failed_one_starts_again():
    for state in (State.REGISTERED, State.EXTRACTED, State.CLEANED, State.VALIDATED, State.HELD, State.APPROVED):
        assert may_move(state, State.FAILED)
    assert may_move(State.FAILED, State.REGISTERED)
    assert not may_move(State.LOADED, State.FAILED)


def test_end_states_stay():
    for state in (State.DUPLICATE, State.RETURNED, State.WITHDRAWN):
        assert not TRANSITIONS[state]
        assert state in SETTLED


def test_what_is_superseded_speaks_again_only_when_its_successor_is_withdrawn():
    assert TRANSITIONS[State.SUPERSEDED] == {State.LOADED}
    assert State.SUPERSEDED in SETTLED


def test_no_step_may_be_skipped():
    assert not may_move(State.REGISTERED, State.CLEANED)
    assert not may_move(State.EXTRACTED, State.VALIDATED)
    assert not may_move(State.CLEANED, State.LOADED)
    assert not may_move(State.HELD, State.LOADED)
