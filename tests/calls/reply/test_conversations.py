"""300 conversations of random callers, responders, voices and lines, in virtual time."""

from random import Random

import pytest

from calls.lab.playout import TwilioHabits
from calls.reply.items import Expect, ExpectationKind, HangUp, NoteValue, Say, Transfer, Wait
from calls.reply.responder import ResponderError
from calls.reply.settings import AnswerSettings
from stt.tuning import Tuning
from tests.calls.reply.conversing import ToyResponder, ToyVoice, conversation

BATCHES, A_BATCH = 15, 20
WORDS = "אני רוצה לקבוע תור ליום שני בבוקר תודה רבה כן לא אולי".split()
EXPECTS = [None, Expect(ExpectationKind.YES_NO), Expect(ExpectationKind.DIGITS, min_digits=9, max_digits=10)]


def random_answers(random, faults):
    def answers(call, question, said):
        dice = Random(f"{call.occasion}/{question}/{len(said)}/{random}")
        if call.goes_on:
            return []
        if call.occasion != "turns":
            return [Say("שלום. איך אפשר לעזור?")] if dice.random() < 0.5 else []
        if dice.random() < 0.1:
            return [Wait()]
        items = [dice.choice([0, 50, 300, 900])]
        for number in range(dice.randint(1, 4)):
            items.append(Say(f"משפט {' '.join(dice.sample(WORDS, dice.randint(1, 7)))}."))
            if dice.random() < 0.3:
                items.append(NoteValue("value", question, id=f"note/{len(said)}/{number}"))
        if (expect := dice.choice(EXPECTS)) is not None:
            items.append(expect)
        if dice.random() < 0.1:
            items.append(Transfer("דנה", id=f"transfer/{len(said)}"))
        if dice.random() < 0.05:
            items.append(HangUp())
        if faults and dice.random() < 0.2:
            items.insert(
                dice.randrange(len(items)), dice.choice([ResponderError("responder_silent"), 4000, ValueError()])
            )
        return items

    return answers


def whole_conversation(seed):
    random = Random(seed)
    faults = random.random() < 0.5
    responder = ToyResponder(random_answers(seed, faults))
    voice = ToyVoice(random.choice([0, 50, 400]), pause_ms=random.choice([0, 0, 100, 260]))
    lose, late = (random.choice([0, 0.2, 1.0]), random.choice([0, 100, 1500])) if faults else (0, 0)
    tuning = Tuning(filler_after_ms=random.choice([0, 700, 1500]))

    async def steps(call):
        spoken = []
        for _ in range(random.randint(1, 8)):
            if call.ended:
                break
            await call.listen(random.choice([0, 100, 400, 900, 2500, 6000]))
            text = " ".join(random.sample(WORDS, random.randint(1, 4))) if random.random() < 0.8 else ""
            turn = await call.says(
                text, ms=random.randint(200, 1500), words_after_ms=random.choice([220, 300, 700, 2500])
            )
            if text:
                spoken.append(turn)
                if random.random() < 0.2:
                    call.revise(turn, text + random.choice([" עוד", "?", ""]))
        if random.random() < 0.6:
            # Long enough for every answer, and too short to be asked again for ever.
            await call.listen(25_000)
            call.settled = True
        call.spoken = spoken

    settings = AnswerSettings(responder="toy", greeting=random.choice(["", "שלום, הגעתם."]), people={"דנה": "+97231"})
    habits = TwilioHabits(lose_marks=lose, late_marks_ms=late, seed=seed)
    call = conversation(steps, responder=responder, voice=voice, settings=settings, habits=habits, tuning=tuning)
    return call, faults


@pytest.mark.parametrize("batch", range(BATCHES))
def test_nothing_is_stuck_said_twice_done_twice_or_lost(batch):
    for seed in range(batch * A_BATCH, (batch + 1) * A_BATCH):
        call, faults = whole_conversation(seed)
        check(call, faults, seed)


def check(call, faults, seed):
    where = f"seed {seed}"
    assert call.codes.count("act_twice") == 0, where
    exchanges = call.agent.conversation.said
    answered = [number for one in call.agent.conversation.answered_numbers for number in one]
    assert len(answered) == len(set(answered)), f"{where}: a question was answered twice"
    if getattr(call, "settled", False) and not call.ended:
        waiting = {turn.number for turn in call.spoken} - set(answered)
        assert not waiting or call.responder.asked[-1][0] != "turns" or not call.agent.speaks, where
        assert not call.agent.speaks, f"{where}: stuck speaking"
    kept = [one for one in call.kept]
    assert len(kept) <= sum(len(exchange.outcomes) for exchange in exchanges), where
    for turn in call.saved.values():
        marks = [mark for mark in call.playout.marks if mark.name.startswith(f"a{turn.number - 5000}.")]
        reached = {mark.name for mark in marks if mark.fate in ("reached", "crossed")}
        if not faults and turn.heard.outcome == "played":
            assert {mark.name for mark in marks} == reached and reached, f"{where}: played, and not heard"
            assert turn.heard.text.split() == turn.text.split(), where
        assert turn.heard.ms <= sum(len(one.ulaw) for one in call.playout.played) / 8 + 1, where
    played = b"".join(one.ulaw for one in call.playout.played)
    assert abs(len(b"".join(ulaw for _, ulaw in call.recorded)) - len(played)) <= 8 * 40, where
