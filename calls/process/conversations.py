"""What was said in the calls of this process, for a call's next stream: the line goes on where it was cut off."""

from __future__ import annotations

from collections import OrderedDict

from calls.reply.conversation import Conversation

MAX_CONVERSATIONS = 2000
"""Beyond it the oldest are forgotten, and rebuilt from their rows if their calls' next streams come here."""


class Conversations:
    """By CallSid. On any loop's thread."""

    def __init__(self) -> None:
        self._of_calls: OrderedDict[str, Conversation] = OrderedDict()

    def known(self, call_sid: str) -> Conversation | None:
        """The call's, where a stream of it was this process's."""
        return self._of_calls.get(call_sid)

    def of_call(self, call_sid: str, rebuilt: Conversation | None = None) -> Conversation:
        """The call's, begun by its first stream. ``rebuilt``: what it is where it is not known."""
        conversation = self._of_calls.setdefault(call_sid, rebuilt or Conversation())
        self._of_calls.move_to_end(call_sid)
        while len(self._of_calls) > MAX_CONVERSATIONS:
            self._of_calls.popitem(last=False)
        return conversation

    def forget(self, call_sid: str) -> None:
        """The call is over."""
        self._of_calls.pop(call_sid, None)
