from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class CallsConfig(AppConfig):
    name = "calls"
    verbose_name = _("Phone calls")

    def ready(self) -> None:
        from calls.people import make_groups

        # Behind the handlers of django.contrib.auth, which make the permissions: it is installed before.
        post_migrate.connect(make_groups, sender=self, dispatch_uid="calls.people")
