"""A small least-recently-used cache, shared by the threads of a process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class LRUCache(Generic[Value]):
    """The last `size` results, by key.

    A key names something that never changes: it cannot be replaced, and a whole cache can only be emptied.
    """

    def __init__(self, size: int) -> None:
        self._size = size
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
            self._results[key] = result
            self._results.move_to_end(key)
            while len(self._results) > self._size:
                self._results.popitem(last=False)

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._results.clear()
