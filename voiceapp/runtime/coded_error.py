"""CodedError: an exception whose stable code is kept on rows, counted and filtered by."""

from __future__ import annotations


class CodedError(Exception):
    """Something failed in a way that has a name. A subclass says which codes it has and who raises it."""

    def __init__(self, code: str, message: str = "") -> None:
        """``message``: one sentence for people; without one, the code stands for it."""
        super().__init__(message or code)
        self.code = code
        """Stable identifier in lower case, such as ``unavailable``: it may be stored and compared."""
        self.message = message or code

    @property
    def detail(self) -> str:
        """The sentence; empty where only the code is known."""
        return "" if self.message == self.code else self.message
