"""What a supervisor has an answering call do: the sentence that is typed, checked, and each order with its row."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from calls.desk.unspeakable import refuse_unspeakable
from calls.lines.models import PhoneLine
from calls.lines.sentences import speakable as check_words
from calls.process.call_orders import CallOrders
from calls.reply.orders import MAX_SENTENCE_CHARACTERS, Order, SupervisorOrder
from calls.storage.models import Call
from calls.twilio import action_rows
from calls.twilio.models import SupervisorAction


class SentenceForm(forms.Form):
    """A sentence for the caller. Its errors have stable codes: ``text_empty`` | ``text_too_long`` | ``bad_character`` |
    ``text_unspeakable``."""

    sentence = forms.Field(required=False)
    asked = forms.CharField(max_length=64, required=False)
    """Which opening of the page it was typed on: sent twice, it is said once."""

    def __init__(self, data: Any, line: PhoneLine | None) -> None:
        super().__init__(data)
        self._voice = "" if line is None else line.voice

    def clean_sentence(self) -> str:
        text = " ".join(str(self.cleaned_data["sentence"] or "").split())
        if not text:
            raise forms.ValidationError(_("Type what is to be said."), "text_empty")
        check_words(text)
        if len(text) > MAX_SENTENCE_CHARACTERS:
            message = _("At most %(most)s characters; these are %(count)s.")
            counts = {"most": MAX_SENTENCE_CHARACTERS, "count": len(text)}
            raise forms.ValidationError(message, "text_too_long", counts)
        return text

    def clean(self) -> dict[str, Any]:
        if text := self.cleaned_data.get("sentence"):
            refuse_unspeakable(self, "sentence", self._voice, [text])
        return self.cleaned_data

    @property
    def ask(self) -> str:
        """The same of a sentence that is sent twice from one opening of the page, of any other one another."""
        said = f"{self.cleaned_data['asked'] or uuid4().hex} {self.cleaned_data['sentence']}"
        return sha256(said.encode()).hexdigest()

    @property
    def code(self) -> str:
        """Of its first error."""
        return next((error.code or "" for errors in self.errors.as_data().values() for error in errors), "")


def give(orders: CallOrders, call: Call, user: Any, order: Order, text: str = "", ask: str = "") -> SupervisorAction:
    """Have the call's line do it, once for each ``ask``; the row says what came of it. Blocking for some seconds at
    most. Raises DatabaseError."""
    action, mine = action_rows.begin(call.call_sid, user, order.value, ask=ask or uuid4().hex)
    if not mine:
        return action
    if call.ended_at is not None:
        code = "call_ended"
    else:
        code = orders.give(SupervisorOrder(call.call_sid, order, action.username, text, action.ask))
    taken = action_rows.Outcome.TAKEN if order is Order.SAY else action_rows.Outcome.DONE
    return action_rows.end(action, action_rows.Outcome.FAILED if code else taken, code)
