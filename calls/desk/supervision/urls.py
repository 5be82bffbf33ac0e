from django.urls import path, re_path
from django.views.generic import RedirectView

from calls.desk.supervision import views

app_name = "console"
urlpatterns = [
    path("", views.wall, name="wall"),
    path("state.json", views.state, name="state"),
    path("alarms/<int:alarm_id>/acknowledge", views.acknowledge_alarm, name="acknowledge"),
    path("costs", views.costs_by_line, name="costs"),
    path("calls/<str:call_sid>", views.call, name="call"),
    path("calls/<str:call_sid>/state.json", views.call_state, name="call_state"),
    path("calls/<str:call_sid>/end", views.end, name="end"),
    path("calls/<str:call_sid>/hand-over", views.hand_over, name="hand_over"),
    path("calls/<str:call_sid>/say", views.say, name="say"),
    path("calls/<str:call_sid>/quiet", views.quiet, name="quiet"),
    path("calls/<str:call_sid>/answer-again", views.answer_again, name="answer_again"),
    # Whatever else is asked for under /console/ is the wall.
    re_path(r"", RedirectView.as_view(pattern_name="console:wall")),
]
