"""Dialogues for tests: a small one that has everything, and ways to hold it."""

from datetime import date

from calls.reply.dialogue import answer
from calls.reply.dialogue_checks import script_of
from calls.reply.dialogue_faults import DialogueInvalid
from calls.reply.dialogue_text import plain_of
from calls.reply.items import ActOutcome, ActStatus, Expect, HangUp, NoteValue, PlayRecording, PlayTones, Say, Transfer
from calls.reply.responder import Exchange, Occasion

TODAY = date(2026, 1, 1)
SMALL = """
goodbye: להתראות
no_match: person
steps:
  colour:
    say: איזה צבע?
    again: אדום או כחול?
    expect: {kind: choice, values: {אָדוֹם: [אדומה], כחול: []}}
    save: colour
    match: {אדום: [{note: {price: 250}}, phone], else: phone}
  phone:
    say: "{colour}. מה הטלפון?"
    expect: {kind: digits, check: phone}
    save: phone
    secret: true
    attempts: 3
    silence: person
    match: confirm
  confirm:
    say: "{phone}, נכון?"
    expect: yes_no
    match: {"yes": bye, "no": phone}
  bye:
    say: תודה
    next: [{play: jingle}, {tones: "1#"}, hang_up]
  person:
    say: רגע
    next: {transfer: דנה}
"""
ACTS = (HangUp, Transfer, PlayTones, PlayRecording, NoteValue)


def script(text=SMALL):
    return script_of(plain_of(text))


def faults(text):
    """``path code`` of each fault."""
    try:
        script(text)
    except DialogueInvalid as invalid:
        return [f"{fault.path} {fault.code}" for fault in invalid.faults]
    return []


class Talk:
    """A call in a dialogue, as the agent would keep it."""

    def __init__(self, script):
        self.script, self.said = script, []

    def opening(self):
        return self._happens(Occasion.OPENING)

    def caller(self, words, **outcome):
        return self._happens(Occasion.TURNS, words, **outcome)

    def silence(self):
        return self._happens(Occasion.SILENCE)

    def goodbye(self):
        return self._happens(Occasion.GOODBYE)

    def prepared(self, words):
        """An answer that is withdrawn."""
        return answer(self.script, TODAY, Occasion.TURNS, words, self.said)

    def revise(self, words):
        """Late words change the last question."""
        last = self.said[-1]
        self.said[-1] = Exchange(
            last.occasion, last.question, (words,), last.answer, last.heard, last.expected, last.outcomes
        )

    def _happens(self, occasion, words="", status=ActStatus.DONE, pending=False):
        items = answer(self.script, TODAY, occasion, words, self.said)
        question = (words,) if words else ()
        outcomes = () if pending else tuple(ActOutcome(one, status) for one in items if isinstance(one, ACTS))
        expected = next((one for one in items if isinstance(one, Expect)), None)
        self.said.append(Exchange(occasion, question, question, spoken(items), spoken(items), expected, outcomes))
        return items


def spoken(items):
    return " ".join(item.text for item in items if isinstance(item, Say))


def notes(items):
    return [(item.id, item.key, item.value) for item in items if isinstance(item, NoteValue)]
