"""Long lists in pages, each of which names where the next begins: nothing is left out or comes twice meanwhile."""

from __future__ import annotations

import base64
import binascii
import datetime
import json
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from ninja import Field, Schema

from superpixel_site.refusals import Refusal

Row = TypeVar("Row", bound=Model)
NO_CURSOR = "cursor: This is none that was given out here."


class Paging(Schema):
    """Which page of a list."""

    limit: int = Field(50, ge=1, le=200, description="How many at most.")
    cursor: str = Field("", max_length=300, description="`next` of the page before; empty for the first.")


def latest_first(rows: QuerySet[Row], paging: Paging, moment: str = "created") -> tuple[list[Row], str | None]:
    """One page of rows, the latest first, and the cursor of the next; None after the last page.

    Raises
    ------
    Refusal
        For a cursor that was not given out here.
    """
    ordered = rows.order_by(f"-{moment}", "-pk")
    if paging.cursor:
        when, key = _read(paging.cursor, rows)
        ordered = ordered.filter(Q(**{f"{moment}__lt": when}) | Q(**{moment: when, "pk__lt": key}))
    found = list(ordered[: paging.limit + 1])
    page = found[: paging.limit]
    return page, _written(getattr(page[-1], moment), page[-1].pk) if len(found) > paging.limit else None


def _written(when: datetime.datetime, key: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps([when.isoformat(), str(key)]).encode()).decode()


def _read(cursor: str, rows: QuerySet[Any]) -> tuple[datetime.datetime, Any]:
    try:
        when, key = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        moment = datetime.datetime.fromisoformat(when)
        if moment.tzinfo is None:
            raise ValueError("A moment was given out with its time zone.")
        return moment, rows.model._meta.pk.to_python(key)
    except (ValueError, TypeError, OverflowError, binascii.Error, ValidationError):
        raise Refusal(NO_CURSOR, 422, "") from None
