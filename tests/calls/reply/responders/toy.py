"""ToyResponder: the smallest responder that keeps the whole contract. It guesses with the caller: more, or less?"""

from calls.reply.items import Expect, ExpectationKind, HangUp, Say
from calls.reply.responder import Occasion, ResponderError

LESS, MORE = "פחות", "יותר"
EXPECTED = Expect(ExpectationKind.CHOICE, choices=((LESS, ("קטן",)), (MORE, ("גדול",)), ("נכון", ("כן",))))


class ToyResponder:
    name, tokens = "toy", 0

    def __init__(self, most=100):
        self.most = most

    async def answer(self, call, turns, said):
        if self.most < 1:
            raise ResponderError("responder_raised", "there is no number to guess")
        if call.occasion is Occasion.GOODBYE:
            yield Say("להתראות")
            return
        answers = [" ".join(one.question) for one in said] + [turn.heard_text for turn in turns]
        low, high = self.between(answers)
        if any("נכון" in one for one in answers):
            yield Say("ידעתי!")
            yield HangUp(id="guessed")
        elif low > high:
            yield Say("אין מספר כזה.")
            yield HangUp(id="lost")
        else:
            yield Say(f"{(low + high) // 2}?")
            yield EXPECTED

    def between(self, answers):
        """What the answers leave of 1 to ``most``: the conversation is the only state."""
        low, high = 1, self.most
        for words in answers:
            guess = (low + high) // 2
            if MORE in words:
                low = guess + 1
            elif LESS in words:
                high = guess - 1
        return low, high

    async def revised(self, turn, old, new):
        pass

    async def interrupted(self, heard):
        pass
