"""Addresses of the pages for curators, all below /curating/."""

from django.urls import path

from curating.web import image_views, task_views

app_name = "curating"
urlpatterns = [
    path("images/<int:image_id>/thumbnail/", image_views.thumbnail, name="thumbnail"),
    path("search/<uuid:search_id>/", image_views.curate_search, name="curate_search"),
    path("tasks/", task_views.tasks, name="tasks"),
    path("tasks/<int:task_id>/", task_views.task, name="task"),
    path("tasks/<int:task_id>/report/", task_views.task_report, name="report"),
    path("tasks/<int:task_id>/pause/", task_views.pause, name="pause"),
    path("tasks/<int:task_id>/resume/", task_views.resume, name="resume"),
    path("tasks/<int:task_id>/cancel/", task_views.cancel, name="cancel"),
]
