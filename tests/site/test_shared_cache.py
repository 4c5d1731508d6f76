"""What processes count together."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache
from django.db import connection


@pytest.mark.django_db(transaction=True)
def test_nothing_is_lost_that_several_count_at_once() -> None:
    cache.add("count", 0, timeout=60)

    def count(times: int) -> None:
        for _ in range(times):
            cache.incr("count")
        connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, [10] * 4))
    assert cache.get("count") == 40
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM superpixel_site_cache")
        assert cursor.fetchone() == (1,), "where other processes see it"
