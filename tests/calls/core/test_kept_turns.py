from calls.core.kept_turns import KeptTurns


def test_of_a_call_that_nobody_knows_nothing_is_kept_and_more_may_come():
    assert KeptTurns() == KeptTurns((), (), is_complete=False)
