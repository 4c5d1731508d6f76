"""Lists the sessions that people have at the update, so that they can see and end them all."""

from datetime import timedelta

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import migrations
from django.utils import timezone

UNKNOWN_ADDRESS = "0.0.0.0"
ROWS_AT_ONCE = 1000


def list_sessions(apps, schema_editor):
    Session = apps.get_model("sessions", "Session")
    UserSession = apps.get_model("usersessions", "UserSession")
    people = set(apps.get_model("auth", "User").objects.values_list("pk", flat=True))
    known = set(UserSession.objects.values_list("session_key", flat=True))
    age = timedelta(seconds=settings.SESSION_COOKIE_AGE)
    found = []
    for row in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        user = _user_of(row.session_data)
        if user in people and row.session_key not in known:
            used = row.expire_date - age
            found.append(
                UserSession(
                    user_id=user, session_key=row.session_key, ip=UNKNOWN_ADDRESS, created_at=used, last_seen_at=used
                )
            )
    UserSession.objects.bulk_create(found, batch_size=ROWS_AT_ONCE)


def _user_of(session_data):
    key = SessionStore().decode(session_data).get("_auth_user_id", "")
    return int(key) if str(key).isdecimal() else None


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_exports_and_departures"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("sessions", "0001_initial"),
        ("usersessions", "0001_initial"),
    ]
    operations = [migrations.RunPython(list_sessions, migrations.RunPython.noop, elidable=True)]
