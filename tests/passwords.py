"""Passwords in tests that are not about them."""

from voiceapp.passwords import OneAtATimeHasher


class QuickHasher(OneAtATimeHasher):
    """The product's own with few rounds: a login costs a millisecond in place of a third of a second."""

    iterations = 1000
