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


def test_results_together_are_no_larger_than_the_cache() -> None:
    cache: LRUCache[bytes] = LRUCache(10, len)
    cache.put("a", b"1234")
    cache.put("b", b"12345")
    cache.put("a", b"1")  # replaced: 6 are held
    cache.put("c", b"1234")
    assert all(cache.get(key, lambda: b"?") != b"?" for key in "abc")
    cache.put("d", b"1")  # 11: the one that was used longest ago goes
    assert [cache.get(key, lambda: b"") for key in "bcd"] == [b"12345", b"1234", b"1"]


def test_what_is_larger_than_the_cache_is_kept_until_the_next() -> None:
    cache: LRUCache[bytes] = LRUCache(3, len)
    cache.put("a", b"12345")
    assert cache.get("a", lambda: b"?") == b"12345"
    cache.put("b", b"1")
    assert cache.get("a", lambda: b"?") == b"?"
