from django.contrib import admin
from django.urls import include, path

from voiceapp import health

urlpatterns = [
    path("twilio/", include("calls.urls")),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
]
