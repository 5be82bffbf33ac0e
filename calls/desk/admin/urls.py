from django.urls import path

from calls.desk.admin import hearing

urlpatterns = [path("hear", hearing.hear, name="desk-hear")]
