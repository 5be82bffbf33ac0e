from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import transaction
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class CallsConfig(AppConfig):
    name = "calls"
    verbose_name = _("Phone calls")

    def ready(self) -> None:
        from axes.signals import user_locked_out
        from django.contrib.auth.signals import user_logged_in

        from calls.desk.engines.refusing import refuse_worse_engines
        from calls.desk.permissions import make_groups
        from calls.desk.sign_in import checks as sign_in_checks  # noqa: F401 - registers it
        from calls.desk.sign_in.attempts import note_lock
        from calls.desk.sign_in.sessions import begin
        from calls.lines.announcing import announce_changes
        from calls.process import checks  # noqa: F401 - registers them

        def announce(**_: Any) -> None:
            # Here, for most commands save nothing that calls read, and every vendor's client would come with it.
            from calls.process.services import announce_change

            transaction.on_commit(announce_change)

        refuse_worse_engines()
        announce_changes(announce)
        user_locked_out.connect(note_lock, weak=False, dispatch_uid="calls.desk.sign_in.attempts")
        user_logged_in.connect(begin, weak=False, dispatch_uid="calls.desk.sign_in.sessions")
        # Behind the handlers of django.contrib.auth, which make the permissions: it is installed before.
        post_migrate.connect(make_groups, sender=self, dispatch_uid="calls.desk.permissions")
