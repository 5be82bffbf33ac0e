#!/usr/bin/env python
"""Django's command line for this project; every script in script/ ends here."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voiceapp.settings")
    from django.core.management import execute_from_command_line

    if sys.argv[1:2] == ["serve"]:
        from voiceapp import reactor

        reactor.install()
    execute_from_command_line(sys.argv)
