from django.urls import path

from calls.twilio import webhooks

app_name = "twilio"
urlpatterns = [
    path("voice", webhooks.voice, name="voice"),
    path("after", webhooks.after, name="after"),
    path("status", webhooks.status, name="status"),
    path("stream", webhooks.stream, name="stream"),
]
