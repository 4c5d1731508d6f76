"""SQL expressions for vectors and keys, written so that thousands of rows are fast."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np
from django.db.models import Aggregate, BinaryField, BooleanField, F, Func, Value
from pgvector.django import CosineDistance


class Distance(CosineDistance):  # type: ignore[misc]
    """Cosine distance, as the driver brings it.

    Django would convert each value once more; for thousands of them that takes as long as fetching them.
    """

    @cached_property
    def convert_value(self) -> Any:
        """The conversion of a value: none."""
        return self._convert_value_noop


class EqualsAny(Func):
    """Whether a key is one of many.

    All keys are one parameter, and written as one piece of text. `__in` has a parameter for each, which takes longer
    than the query itself; from a list the driver would make the text key by key.
    """

    template = "%(expressions)s::bigint[])"
    arg_joiner = " = ANY("
    output_field = BooleanField()

    def __init__(self, name: str, keys: Iterable[int]) -> None:
        super().__init__(F(name), Value(f"{{{','.join(map(str, keys))}}}"))


class BinaryColumn(Aggregate):
    """The numbers of all rows as bytes, one after the other, in PostgreSQL's binary format.

    Making thousands of numbers in Python one by one takes as long as comparing the vectors.
    """

    template = "string_agg(%(send)s(%(expressions)s), '')"
    output_field = BinaryField()

    def __init__(self, expression: Any, kind: str) -> None:
        super().__init__(expression, send=f"{kind}send")


class StoredVector(Func):
    """A stored vector as float32 (D,), read from PostgreSQL's binary format.

    The driver would read it from text, which is slower.
    """

    function = "halfvec_send"
    output_field = BinaryField()

    @cached_property
    def convert_value(self) -> Any:
        """The conversion of a value: skip length and padding (16 bits each), then read numbers in half precision."""
        return lambda data, *_: np.frombuffer(data, ">f2", offset=4).astype(np.float32)
