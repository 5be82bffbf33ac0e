from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from calls.api import urls as api
from calls.process import health

admin.autodiscover()
urlpatterns = [
    path("twilio/", include("calls.urls")),
    path("desk/", include("calls.desk.tuning.urls")),
    path("desk/", include("calls.desk.engines.urls")),
    path("desk/", include("calls.desk.admin.urls")),
    path("review/", include("calls.desk.review.urls")),
    path("review/", include("calls.desk.privacy.urls")),
    path("api/v1/", api.urls),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", RedirectView.as_view(url="/admin/")),
    path("admin/", admin.site.urls),
    path("account/", include("calls.desk.sign_in.urls")),
    *([path("account/password/", include("calls.desk.sign_in.reset_urls"))] if settings.PASSWORD_RESET_BY_MAIL else []),
    path("console/", include("calls.desk.supervision.urls")),
]
