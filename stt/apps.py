from django.apps import AppConfig


class SttConfig(AppConfig):
    name = "stt"
    default_auto_field = "django.db.models.BigAutoField"
