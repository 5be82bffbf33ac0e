from django.urls import path

from calls.desk.tuning import tried, views

urlpatterns = [
    path("tuning/<int:pk>/", views.profile, name="desk-profile"),
    path("tuning/<int:pk>/try", tried.try_values, name="desk-try"),
    path("tuning/<int:pk>/back/<int:history_id>/", views.back_to, name="desk-back"),
    path("trials/<int:pk>/", views.trial, name="desk-trial"),
    path("calls/<str:sid>/", views.call, name="desk-call"),
]
