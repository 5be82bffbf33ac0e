"""Django finds the admin's pages here: each registers itself in its room of the desk."""

from calls.api import admin as api
from calls.desk import users
from calls.desk.admin import access_log, calls, dialogues, line_changes, lines, webhooks
from calls.desk.sign_in import admin as sign_in
from calls.desk.supervision import admin as supervision
from calls.desk.supervision import prices
from calls.desk.tuning import admin as tuning

__all__ = [
    "access_log",
    "api",
    "calls",
    "dialogues",
    "line_changes",
    "lines",
    "prices",
    "sign_in",
    "supervision",
    "tuning",
    "users",
    "webhooks",
]
