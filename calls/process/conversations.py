"""What was said in the calls of this process, for a call's next stream: the line goes on where it was cut off."""

from __future__ import annotations

from collections import OrderedDict

from calls.reply.conversation import Conversation

MAX_CONVERSATIONS = 2000
"""Beyond it the oldest are forgotten: their calls' next streams begin anew."""


class Conversations:
    """By CallSid. On any loop's thread."""

    def __init__(self) -> None:
        self._of_calls: OrderedDict[str, Conversation] = OrderedDict()

    def of_call(self, call_sid: str) -> Conversation:
        """The call's, begun by its first stream."""
        conversation = self._of_calls.setdefault(call_sid, Conversation())
        self._of_calls.move_to_end(call_sid)
        while len(self._of_calls) > MAX_CONVERSATIONS:
            self._of_calls.popitem(last=False)
        return conversation

    def forget(self, call_sid: str) -> None:
        """The call is over."""
        self._of_calls.pop(call_sid, None)
