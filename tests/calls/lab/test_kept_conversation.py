"""What the demo says of a conversation."""

from calls.core.agent_turns import Outcome
from calls.lab.call_report import CallReport
from calls.lab.kept_conversation import KeptConversation
from calls.lab.played_audio import ClearedAudio
from calls.storage.models import Transcript


def kept(*outcomes, clears=()):
    answers = [Transcript(outcome=one) for one in outcomes]
    return KeptConversation("x", CallReport("CA1", clears=list(clears)), [], answers, [], [])


def test_answers_that_were_stopped_are_counted_by_what_became_of_them():
    conversation = kept(
        Outcome.RESUMED, Outcome.INTERRUPTED, Outcome.PLAYED, clears=[ClearedAudio(8000, 4000), ClearedAudio(9000, 80)]
    )
    assert conversation.interruptions() == (
        "spoken over: 1 resumed, 1 interrupted; the clears left unplayed: 500 ms, 10 ms"
    )


def test_a_conversation_that_nobody_spoke_over_says_nothing_of_it():
    assert kept(Outcome.PLAYED).interruptions() == ""
