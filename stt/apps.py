from django.apps import AppConfig


class SttConfig(AppConfig):
    name = "stt"
