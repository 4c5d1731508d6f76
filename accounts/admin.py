"""What the administration does not show: where people are signed in is theirs to know."""

from allauth.usersessions.models import UserSession
from django.contrib import admin

admin.site.unregister(UserSession)
