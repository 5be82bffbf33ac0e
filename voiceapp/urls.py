from django.contrib import admin
from django.urls import include, path
from django.utils.translation import gettext_lazy as _
from django.views.generic import RedirectView

from calls.process import health

admin.site.site_header = _("Hebrew phone lines")
admin.site.site_title = _("Hebrew phone lines")
admin.site.site_url = None  # "/" leads back to the admin
admin.site.index_title = _("Calls, lines and tuning")

urlpatterns = [
    path("twilio/", include("calls.urls")),
    path("desk/", include("calls.desk.tuning.urls")),
    path("desk/", include("calls.desk.engines.urls")),
    path("desk/", include("calls.desk.admin.urls")),
    path("review/", include("calls.desk.review.urls")),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", RedirectView.as_view(url="/admin/")),
    path("admin/", admin.site.urls),
    path("console/", include("calls.desk.supervision.urls")),
]
