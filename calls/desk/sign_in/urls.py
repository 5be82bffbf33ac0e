from django.urls import path

from calls.desk.sign_in import views

app_name = "account"
urlpatterns = [
    path("", views.account, name="page"),
    path("sign-out-everywhere", views.sign_out_everywhere, name="sign_out_everywhere"),
    path("second-factor/", views.verify, name="verify"),
    path("second-factor/set-up", views.enrol, name="enrol"),
    path("second-factor/codes", views.new_codes, name="codes"),
]
