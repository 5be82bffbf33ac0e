"""500 conversations of callers who speak over answers in six ways, in virtual time."""

import re
from random import Random

import pytest

from calls.lab.played_audio import MarkFate
from calls.lab.playout import TwilioHabits
from calls.reply.items import Expect, ExpectationKind, HangUp, NoteValue, Say, Transfer
from calls.reply.responder import ResponderError
from calls.reply.settings import AnswerSettings
from calls.reply.spoken_piece import SpokenPiece
from stt.audio import BYTES_PER_MS
from stt.tuning import Tuning
from tests.calls.reply.conversing import MS_PER_CHARACTER, ToyResponder, ToyVoice, conversation

BATCHES, A_BATCH = 20, 25
WORDS = "אני רוצה לקבוע תור ליום שני בבוקר תודה רבה אולי מחר אחר הצהריים".split()
OVER = {
    "question": ["וכמה זה עולה", "מה השעות שלכם"],
    "correction": ["התכוונתי ליום שלישי", "טעיתי בשם"],
    "stop": ["רגע", "די", "לא"],
    "backchannel": ["אהה", "כן כן", "אממ", "בסדר"],
    "noise": [""],
    "next answer": ["כן בבקשה", "ארבעים ושתיים"],
}
EXPECTS = [None, Expect(ExpectationKind.YES_NO), Expect(ExpectationKind.DIGITS, min_digits=2, max_digits=4)]


def random_answers(seed, faults):
    def answers(call, question, said):
        dice = Random(f"{call.occasion}/{call.goes_on}/{question}/{len(said)}/{seed}")
        if call.goes_on:
            return [Say("ועוד משפט אחד.")] if dice.random() < 0.7 else []
        if call.occasion != "turns":
            return [Say("שלום לכם. איך אפשר לעזור היום?")] if dice.random() < 0.5 else []
        items = [dice.choice([0, 50, 300])]
        for number in range(dice.randint(1, 4)):
            words = " ".join(dice.sample(WORDS, dice.randint(3, 9)))
            items.append(Say(f"משפט {words}.", interruptible=dice.random() < 0.9))
            items += [dice.choice([0, 0, 900])]
            if dice.random() < 0.3:
                items.append(NoteValue("value", question, id=f"note/{len(said)}/{number}/{question}"))
        if (expect := dice.choice(EXPECTS)) is not None:
            items.append(expect)
        if dice.random() < 0.1:
            items.append(Transfer("דנה", id=f"transfer/{len(said)}/{question}"))
        if dice.random() < 0.1:
            items.append(HangUp())
        if faults and dice.random() < 0.1:
            items.insert(dice.randrange(len(items)), dice.choice([ResponderError("responder_silent"), ValueError()]))
        return items

    return answers


def whole_conversation(seed):
    random = Random(seed)
    faults = random.random() < 0.4
    responder = ToyResponder(random_answers(seed, faults))
    voice = ToyVoice(random.choice([0, 50, 400]), pause_ms=random.choice([0, 0, 100, 190]))
    habits = TwilioHabits(
        lose_marks=random.choice([0, 0.2, 1.0]) if faults else 0,
        late_marks_ms=random.choice([0, 100, 700]),
        late_clear_ms=random.choice([0, 100, 400]),
        seed=seed,
    )
    tuning = Tuning(filler_after_ms=0, barge_in_resume_ms=random.choice([1200, 1200, 400, 0]))

    async def steps(call):
        spoken = []
        for _ in range(random.randint(2, 7)):
            if call.ended:
                break
            for _ in range(100):
                if call.agent.speaks:
                    break
                await call.listen(50)
                if random.random() < 0.05:
                    break
            await call.listen(random.choice([20, 150, 400, 900, 1500, 2500, 5000]))
            kind = random.choice(list(OVER))
            text = random.choice(OVER[kind])
            ms = random.randint(100, 500) if kind in ("stop", "backchannel", "noise") else random.randint(400, 1500)
            partials = [(random.randint(100, ms + 200), text)] if text and random.random() < 0.6 else []
            turn = await call.says(text, ms, random.choice([220, 300, 700, 2500]), partials)
            spoken += [turn] if text else []
        ending = random.random()
        if ending < 0.6:
            await call.listen(30_000)
            call.settled = True
        elif ending < 0.75:
            call.agent.finish(call.now_ms)
            for _ in range(220):
                if not call.ended:
                    await call.listen(50)
            call.drained = True
        call.spoken = spoken

    settings = AnswerSettings(responder="toy", greeting=random.choice(["", "שלום הגעתם."]), people={"דנה": "+97231"})
    call = conversation(steps, responder=responder, voice=voice, settings=settings, habits=habits, tuning=tuning)
    return call, faults, habits


@pytest.mark.parametrize("batch", range(BATCHES))
def test_nothing_is_stuck_said_twice_done_twice_or_lost(batch):
    for seed in range(batch * A_BATCH, (batch + 1) * A_BATCH):
        call, faults, habits = whole_conversation(seed)
        check(call, faults, habits, f"seed {seed}")


def check(call, faults, habits, where):
    assert call.codes.count("act_twice") == 0, where
    ids = [outcome.act.id for one in call.agent.conversation.said for outcome in one.outcomes if outcome.act.id]
    assert len(ids) == len(set(ids)), f"{where}: an act was done twice"
    answered = [number for numbers in call.agent.conversation.answered_numbers for number in numbers]
    assert len(answered) == len(set(answered)), f"{where}: a question was answered twice"
    if getattr(call, "drained", False):
        assert call.ended, f"{where}: not drained"
    if getattr(call, "settled", False) and not call.ended:
        assert not call.agent.speaks, f"{where}: stuck speaking"
    assert nothing_is_sent_behind_a_clear(call), where
    for turn in call.saved.values():
        assert turn.heard.ms <= sum(len(one.ulaw) for one in call.playout.played) / BYTES_PER_MS + 1, where
        assert turn.heard.outcome in ("played", "interrupted", "resumed", "failed"), where
        if not habits.lose_marks and "[" not in turn.text:
            truth = heard_in_truth(call, turn)
            assert truth.startswith(turn.heard.text), f"{where}, answer {turn.number}"
            # Of a piece that the voice was still saying, it is guessed how many words lie before the mark: too few.
            assert turn.heard.text == truth or call.voice.pause_ms, f"{where}, answer {turn.number}"
    recorded = sum(len(ulaw) for _, ulaw in call.recorded) / BYTES_PER_MS
    played = sum(len(one.ulaw) for one in call.playout.played) / BYTES_PER_MS
    late = habits.late_clear_ms * len(call.playout.clears_samples)
    assert -40 * (1 + len(call.playout.clears_samples)) <= played - recorded <= late + 40, where


def nothing_is_sent_behind_a_clear(call):
    """No mark of an answer that was cleared reaches Twilio behind that clear."""
    cut, latest = set(), 0
    for kind, number in call.sent:
        if kind == "clear":
            cut.add(latest)
        elif number in cut:
            return False
        else:
            latest = number
    return True


def heard_in_truth(call, turn):
    """By the marks that went back before a clear, in the simulator's own list."""
    reached = [
        mark.name
        for mark in call.playout.marks
        if mark.name.startswith(f"a{turn.number - 5000}.")
        and mark.fate is MarkFate.REACHED
        and mark.returned_samples is not None
    ]
    if not reached:
        return ""
    piece, mark = map(int, reached[-1].split(".")[1:])
    texts = [text.strip() for text in re.findall(r"[^.?]+[.?]", turn.text)]
    whole_ms = len(texts[piece - 1]) * MS_PER_CHARACTER
    said = SpokenPiece.of(texts[piece - 1], bytes(whole_ms * BYTES_PER_MS))
    return " ".join([*texts[: piece - 1], said.words_until(min(mark * 1000, whole_ms))]).strip()
