from django.apps import AppConfig


class VoiceappConfig(AppConfig):
    name = "voiceapp"
