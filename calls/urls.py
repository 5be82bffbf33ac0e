from django.urls import path

from calls import views

app_name = "twilio"
urlpatterns = [
    path("voice", views.voice, name="voice"),
    path("after", views.after, name="after"),
    path("status", views.status, name="status"),
    path("stream", views.stream, name="stream"),
]
