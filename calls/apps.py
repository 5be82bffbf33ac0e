from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import transaction
from django.db.models.signals import post_delete, post_migrate, post_save
from django.utils.translation import gettext_lazy as _


class CallsConfig(AppConfig):
    name = "calls"
    verbose_name = _("Phone calls")

    def ready(self) -> None:
        from calls.desk.permissions import make_groups
        from calls.lines.dialogues import Dialogue
        from calls.lines.models import LinePerson, PhoneLine, Price, Trial
        from calls.process import checks  # noqa: F401 - registers them
        from stt.models import TuningProfile

        def announce(**_: Any) -> None:
            # Here, for most commands save nothing that calls read, and every vendor's client would come with it.
            from calls.process.services import announce_change

            transaction.on_commit(announce_change)

        # Signals, for stt must not know calls, and whoever saves a profile must not have to remember. Of each model
        # that the lines' cache (calls/lines/settings_cache.py) reads.
        for model in (TuningProfile, PhoneLine, Trial, Dialogue, LinePerson, Price):
            for signal in (post_save, post_delete):
                signal.connect(announce, sender=model, weak=False, dispatch_uid=f"announce {model.__name__}")

        # Behind the handlers of django.contrib.auth, which make the permissions: it is installed before.
        post_migrate.connect(make_groups, sender=self, dispatch_uid="calls.desk.permissions")
