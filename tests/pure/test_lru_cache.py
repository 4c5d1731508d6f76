"""The cache keeps the results that were used last."""

from __future__ import annotations

from selector.lru_cache import LRUCache


def test_a_result_is_computed_once() -> None:
    cache: LRUCache[str] = LRUCache(2)
    computed: list[str] = []

    def compute() -> str:
        computed.append("again")
        return "result"

    assert [cache.get("key", compute) for _ in range(3)] == ["result"] * 3
    assert len(computed) == 1


def test_the_result_that_was_used_longest_ago_goes_first() -> None:
    cache: LRUCache[int] = LRUCache(2)
    cache.put("one", 1)
    cache.put("two", 2)
    assert cache.get("one", lambda: 0) == 1
    cache.put("three", 3)
    assert [cache.get(key, lambda: 0) for key in ("one", "three", "two")] == [1, 3, 0]
