from django.urls import path

from calls.desk.privacy import views

urlpatterns = [
    path("calls/<int:pk>/hold", views.hold, name="call-hold"),
    path("calls/<int:pk>/hold/lift", views.lift_hold, name="call-lift-hold"),
]
