"""The ASGI application: pages and webhooks to Django, sockets to Channels.

daphne has no lifespan: this module logs the start-up line; ``manage.py serve`` starts the process's threads, and under
any other server the first call does.
"""

import os
from pathlib import Path

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

from voiceapp.env_file import read_file

read_file(Path(__file__).resolve().parent.parent / ".env")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voiceapp.settings")
django_application = get_asgi_application()

# Apps are loaded: what imports models comes after.
from calls.process import startup  # noqa: E402
from calls.routing import websocket_application  # noqa: E402
from voiceapp import urls  # noqa: E402, F401 - the first call would wait for what all pages import
from voiceapp.page_lanes import PageLanes  # noqa: E402

startup.require_servable()
startup.announce()
application = ProtocolTypeRouter({"http": PageLanes(django_application), "websocket": websocket_application()})
