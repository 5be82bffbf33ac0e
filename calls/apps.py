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
        from axes.signals import user_locked_out
        from django.contrib.auth.signals import user_logged_in

        from calls.desk.permissions import make_groups
        from calls.desk.sign_in import checks as sign_in_checks  # noqa: F401 - registers it
        from calls.desk.sign_in.attempts import note_lock
        from calls.desk.sign_in.sessions import begin
        from calls.lines.dialogues import Dialogue
        from calls.lines.models import LinePerson, PhoneLine, Trial
        from calls.lines.prices import Price
        from calls.process import checks  # noqa: F401 - registers them
        from stt.engines_demand import engines_change
        from stt.models import TuningProfile

        def announce(**_: Any) -> None:
            # Here, for most commands save nothing that calls read, and every vendor's client would come with it.
            from calls.process.services import announce_change

            transaction.on_commit(announce_change)

        def refuse_worse(**change: Any) -> None:
            from calls.desk.engines.demand import refuse_worse

            refuse_worse(**change)

        engines_change.connect(refuse_worse, weak=False, dispatch_uid="calls.desk.engines.demand")
        # Signals, for stt must not know calls, and whoever saves a profile must not have to remember. Of each model
        # that the lines' cache (calls/lines/settings_cache.py) reads.
        for model in (TuningProfile, PhoneLine, Trial, Dialogue, LinePerson, Price):
            for signal in (post_save, post_delete):
                signal.connect(announce, sender=model, weak=False, dispatch_uid=f"announce {model.__name__}")

        user_locked_out.connect(note_lock, weak=False, dispatch_uid="calls.desk.sign_in.attempts")
        user_logged_in.connect(begin, weak=False, dispatch_uid="calls.desk.sign_in.sessions")
        # Behind the handlers of django.contrib.auth, which make the permissions: it is installed before.
        post_migrate.connect(make_groups, sender=self, dispatch_uid="calls.desk.permissions")
