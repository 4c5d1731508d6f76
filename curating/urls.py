"""Addresses of the pages for curators, all below /curating/; and `offer_urls`, below a photo of somebody's own."""

from django.urls import path

from curating.web import adding_views, duplicate_views, health_views, image_views, offer_views, review_views, task_views

app_name = "curating"
urlpatterns = [
    path("add/", adding_views.add, name="add"),
    path("add/files/", adding_views.start_files, name="start_files"),
    path("add/archive/", adding_views.start_archive, name="start_archive"),
    path("add/<int:task_id>/file/", adding_views.file, name="file"),
    path("add/<int:task_id>/part/", adding_views.part, name="part"),
    path("add/<int:task_id>/end/", adding_views.end, name="end"),
    path("health/", health_views.health, name="health"),
    path("health/retry/", health_views.retry_failures, name="retry"),
    path("images/<int:image_id>/thumbnail/", image_views.thumbnail, name="thumbnail"),
    path("search/<uuid:search_id>/", image_views.curate_search, name="curate_search"),
    path("tasks/", task_views.tasks, name="tasks"),
    path("tasks/<int:task_id>/", task_views.task, name="task"),
    path("tasks/<int:task_id>/report/", task_views.task_report, name="report"),
    path("tasks/<int:task_id>/pause/", task_views.pause, name="pause"),
    path("tasks/<int:task_id>/resume/", task_views.resume, name="resume"),
    path("tasks/<int:task_id>/cancel/", task_views.cancel, name="cancel"),
    path("duplicates/", duplicate_views.duplicates, name="duplicates"),
    path("duplicates/<int:pair_id>/", duplicate_views.decide, name="decide_pair"),
    path("offers/", review_views.offers, name="offers"),
    path("offers/decide/", review_views.decide, name="decide"),
    path("offers/<int:offer_id>/picture/", review_views.picture, name="offered_picture"),
]
offer_urls = (
    [
        path("", offer_views.offer, name="offer"),
        path("withdraw/", offer_views.withdraw, name="withdraw"),
    ],
    "offers",
)
