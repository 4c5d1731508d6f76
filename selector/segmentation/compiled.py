"""How the inner loops of `slic` and `hierarchy` are compiled.

Importing this imports Numba, a second or two, and importing a module of kernels loads each of them from Numba's
cache, or compiles it there when the cache is cold. So the modules with the public functions import their kernels at
the first call: the site starts fast, and `manage.py warmup` fills the cache that all its processes share.

Kernels are serial, release the GIL and own no state: photos are processed side by side in threads and in forked
processes. Numba's parallel layers abort after a fork or under concurrent callers, and its relaxed floating-point
modes would let results depend on the width of the machine's vectors, so neither is used.
"""

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit, types

Kernel = TypeVar("Kernel", bound=Callable[..., object])

# Arrays that a kernel only reads may be read-only, as those are that Pillow or a buffer hand out.
IMAGE = types.Array(types.uint8, 3, "C", readonly=True)
LABELS = types.Array(types.uint16, 2, "C", readonly=True)


def compiled(signature: object) -> Callable[[Kernel], Kernel]:
    """Decorate a kernel with the one signature it is compiled for, at import: nothing is compiled later."""
    return cast("Callable[[Kernel], Kernel]", njit(signature, nogil=True, cache=True, error_model="numpy"))
