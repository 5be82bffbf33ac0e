from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SttConfig(AppConfig):
    name = "stt"
    verbose_name = _("Speech recognition")
