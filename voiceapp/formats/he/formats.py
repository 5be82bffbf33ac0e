"""The same in every language: voiceapp/formats/__init__.py."""

from voiceapp.formats import *  # noqa: F403 - Django reads the names from here
