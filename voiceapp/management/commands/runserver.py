"""manage.py runserver: daphne's, which serves sockets too.

daphne as an app would do this and load Twisted into every command, a third of the time that one takes to start.
"""

from daphne.management.commands.runserver import Command

__all__ = ["Command"]
