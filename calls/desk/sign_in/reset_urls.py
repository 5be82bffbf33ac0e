"""Django's own names, which the admin's login page looks for."""

from django.contrib.auth.views import (
    PasswordResetCompleteView,
    PasswordResetConfirmView,
    PasswordResetDoneView,
)
from django.urls import path

from calls.desk.sign_in.reset import ResetView

urlpatterns = [
    path("", ResetView.as_view(), name="admin_password_reset"),
    path("sent", PasswordResetDoneView.as_view(), name="password_reset_done"),
    path("<uidb64>/<token>/", PasswordResetConfirmView.as_view(), name="password_reset_confirm"),
    path("done", PasswordResetCompleteView.as_view(), name="password_reset_complete"),
]
