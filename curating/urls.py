"""Addresses of the pages for curators, all below /curating/."""

from django.urls import path

from curating.web import health_views, task_views

app_name = "curating"
urlpatterns = [
    path("health/", health_views.health, name="health"),
    path("health/retry/", health_views.retry_failures, name="retry"),
    path("tasks/", task_views.tasks, name="tasks"),
    path("tasks/<int:task_id>/", task_views.task, name="task"),
    path("tasks/<int:task_id>/report/", task_views.task_report, name="report"),
    path("tasks/<int:task_id>/pause/", task_views.pause, name="pause"),
    path("tasks/<int:task_id>/resume/", task_views.resume, name="resume"),
    path("tasks/<int:task_id>/cancel/", task_views.cancel, name="cancel"),
]
