from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

admin.autodiscover()
handler500 = "voiceapp.server_error.server_error"
urlpatterns = [
    path("", include("calls.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", RedirectView.as_view(url="/admin/")),
    path("admin/", admin.site.urls),
]
