"""How the inner loops of segmentation and description are compiled.

Importing this module imports Numba, which takes a second or two. Importing a module of kernels loads each kernel from
Numba's cache, or compiles it where the cache is empty. The modules with the public functions therefore import their
kernels inside these functions: the site starts fast, and `manage.py warmup` fills the cache that all processes share.

Kernels are serial, release the GIL and keep no state: photos are processed side by side in threads and in forked
processes. Numba's parallel layers abort after a fork and under concurrent callers. Its relaxed floating-point modes
would let results depend on the width of the machine's vectors. So neither is used.
"""

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit, types

Kernel = TypeVar("Kernel", bound=Callable[..., object])

# Arrays that a kernel only reads may be read-only, as are those that come from Pillow or from a buffer.
IMAGE = types.Array(types.uint8, 3, "C", readonly=True)
LABELS = types.Array(types.uint16, 2, "C", readonly=True)


def compiled(signature: object) -> Callable[[Kernel], Kernel]:
    """A decorator that compiles a kernel for one signature, when its module is imported; nothing is compiled later."""
    return cast("Callable[[Kernel], Kernel]", njit(signature, nogil=True, cache=True, error_model="numpy"))
