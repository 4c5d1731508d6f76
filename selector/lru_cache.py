"""A small least-recently-used cache, shared by the threads of a process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class LRUCache(Generic[Value]):
    """The last results that together are no larger than `size`, by key.

    A key names something that never changes: it cannot be replaced, and a whole cache can only be emptied.

    Parameters
    ----------
    size : int
        How many results, or how large they may be together.
    measure : callable, optional
        The size of a result, in the unit of `size`; by default each counts as one.
    """

    def __init__(self, size: int, measure: Callable[[Value], int] = lambda _: 1) -> None:
        self._size, self._measure = size, measure
        self._held = 0
        self._results: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, compute: Callable[[], Value]) -> Value:
        """The result of a key. It is computed when it is not there; two threads at once may both do so."""
        with self._lock:
            found = self._results.get(key)
            if found is not None:
                self._results.move_to_end(key)
                return found
        result = compute()
        self.put(key, result)
        return result

    def put(self, key: Hashable, result: Value) -> None:
        """Keep a result that has been computed elsewhere; the one that was used longest ago may go."""
        with self._lock:
            if (replaced := self._results.pop(key, None)) is not None:
                self._held -= self._measure(replaced)
            self._results[key] = result
            self._held += self._measure(result)
            while self._held > self._size and len(self._results) > 1:
                self._held -= self._measure(self._results.popitem(last=False)[1])

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._results.clear()
            self._held = 0
