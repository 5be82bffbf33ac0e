from django.urls import path

from calls.desk.review import views
from calls.desk.review.queue.urls import urlpatterns as of_the_queue

urlpatterns = [
    path("calls/<int:pk>/streams/<int:number>.wav", views.audio, name="review-audio"),
    path("calls/<int:pk>/streams/<int:number>.peaks", views.peaks, name="review-peaks"),
    path("calls/<int:pk>/turns.<str:kind>", views.subtitles, name="review-subtitles"),
    path("calls/<int:pk>/turns/<int:number>/correct", views.correct, name="review-correct"),
    *of_the_queue,
]
