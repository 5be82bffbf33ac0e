"""Passwords in tests that are not about them."""

from voiceapp.passwords import OneAtATimeHasher


class QuickHasher(OneAtATimeHasher):
    """The product's own with few rounds: a password costs a millisecond in place of a quarter of a second."""

    iterations = 1000
