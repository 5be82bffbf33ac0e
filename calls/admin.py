"""Django finds the admin's pages here: each registers itself in its room of the desk."""

from calls.desk import users
from calls.desk.access_log import admin as access_log
from calls.desk.admin import calls, dialogues, lines
from calls.desk.supervision import admin as supervision
from calls.desk.tuning import admin as tuning

__all__ = ["access_log", "calls", "dialogues", "lines", "supervision", "tuning", "users"]
