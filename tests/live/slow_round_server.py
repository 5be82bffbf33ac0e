"""A server whose line cache hardly ever reads by itself: what it knows of a change was announced to it."""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voiceapp.settings")
django.setup()

from django.core.management import call_command  # noqa: E402

from calls.lines import settings_cache  # noqa: E402

settings_cache.REFRESH_S = 600.0
call_command("serve", "--host", "127.0.0.1", "--port", sys.argv[1])
