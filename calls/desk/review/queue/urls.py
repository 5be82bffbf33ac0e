from django.urls import path

from calls.desk.review.queue import overview, views

urlpatterns = [
    path("queue/", overview.queue, name="review-queue"),
    path("queue/next", views.go_on, name="review-next"),
    path("samples/draw", overview.draw_sample, name="review-draw"),
    path("samples/<int:pk>/", overview.sample, name="review-sample"),
    path("calls/<int:pk>/claim", views.claim, name="review-claim"),
    path("calls/<int:pk>/done", views.done, name="review-done"),
    path("calls/<int:pk>/undo", views.undo, name="review-undo"),
    path("calls/<int:pk>/put-back", views.put_back, name="review-put-back"),
    path("calls/<int:pk>/free", views.free, name="review-free"),
    path("calls/<int:pk>/marks", views.mark, name="review-mark"),
    path("calls/<int:pk>/tags", views.tag, name="review-tag"),
    path("calls/<int:pk>/notes", views.write_note, name="review-note"),
    path("calls/<int:pk>/seen", views.seen, name="review-seen"),
]
