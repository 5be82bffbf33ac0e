from django.urls import path

from calls.desk.engines import views

urlpatterns = [
    path("engines/", views.measurements, name="desk-engines"),
    path("engines/hint/", views.hint, name="desk-engines-hint"),
]
