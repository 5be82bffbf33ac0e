"""All addresses of calls: Twilio's, people's, programs', and those of who watches the process."""

from django.conf import settings
from django.urls import include, path

from calls.api import urls as api
from calls.process import health

urlpatterns = [
    path("twilio/", include("calls.twilio.urls")),
    path("desk/", include("calls.desk.tuning.urls")),
    path("desk/", include("calls.desk.engines.urls")),
    path("desk/", include("calls.desk.admin.urls")),
    path("review/", include("calls.desk.review.urls")),
    path("review/", include("calls.desk.privacy.urls")),
    path("api/v1/", api.urls),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("account/", include("calls.desk.sign_in.urls")),
    *([path("account/password/", include("calls.desk.sign_in.reset_urls"))] if settings.PASSWORD_RESET_BY_MAIL else []),
    path("console/", include("calls.desk.supervision.urls")),
]
