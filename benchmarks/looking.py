"""What looking at one photo costs with a model: ways to run its tower, beside one JPEG decode.

    python -m benchmarks.looking PHOTO MODEL[=WEIGHTS] ... [--repeat N] [--device cpu|cuda] [--json FILE]

MODEL is a name that open_clip knows, or the path of a description; without weights they are random, which costs the
same. On one thread, in milliseconds of processor time, which grows little when the machine is busy; on CUDA by the
clock.
"error" is the largest difference from the plain tower, as a share of its largest number.
"""

from __future__ import annotations

import argparse
import io
import json
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numpy as np
from PIL import Image

from gallery.descriptors.open_clip import dense_features, folding, inference, weights

LONG_SIDE = 1024
CROPS = 16  # regions of an image


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo", type=Path)
    parser.add_argument("models", nargs="+", metavar="MODEL[=WEIGHTS]")
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    import torch

    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    clock = Clock(options.device, options.repeat)
    picture = working_copy(options.photo)
    decode = clock.milliseconds(lambda: np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")))
    rows: list[dict[str, Any]] = [{"model": "", "pixels": 0, "way": "one JPEG decode", "ms": decode, "error": 0.0}]
    print(f"{'one JPEG decode':60}{decode:8.1f} ms", flush=True)
    for model in options.models:
        for row in measured(model, clock):
            rows.append(row | {"decodes": round(row["ms"] / decode, 1)})
            print(
                f"{row['model'][:28]:28}{row['pixels']:5} px  {row['way']:25}{row['ms']:8.1f} ms"
                f"{row['ms'] / decode:8.1f} decodes   error {row['error']:.0e}",
                flush=True,
            )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")


class Clock:
    """Times functions on a device: the median of some calls, after two that are not counted."""

    def __init__(self, device: str, repeat: int) -> None:
        self.device, self.repeat = device, repeat

    def milliseconds(self, call: Callable[[], Any]) -> float:
        """What one call takes."""
        import torch

        on_cuda = self.device.startswith("cuda")
        now = perf_counter if on_cuda else process_time
        times = []
        for _ in range(self.repeat + 2):
            start = now()
            with torch.inference_mode():
                call()
            if on_cuda:
                torch.cuda.synchronize()
            times.append(1000 * (now() - start))
        return float(median(times[2:]))


def working_copy(photo: Path) -> bytes:
    """A photo as the site keeps it, as a JPEG file."""
    with Image.open(photo) as picture:
        small = picture.convert("RGB")
    small.thumbnail((LONG_SIDE, LONG_SIDE))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=90)
    return out.getvalue()


def measured(model: str, clock: Clock) -> Iterator[dict[str, Any]]:
    """A row for each resolution and way, and for crops in batches."""
    import open_clip
    import torch

    model, _, pretrained = model.partition("=")
    name = weights.register(model)
    net = open_clip.create_model(name, pretrained=pretrained or None, device=clock.device)
    visual = net.eval().requires_grad_(False).visual
    generator = torch.Generator().manual_seed(0)
    for factor in (2, 1):
        view = dense_features.at_scale(visual, factor)
        height, width = dense_features.image_size(view)
        images = torch.rand(1, 3, height, width, generator=generator).to(clock.device)
        with torch.inference_mode():
            expected = dense_features.feature_map(view, images)
        for way, forward in ways(view, images, expected, clock):
            yield {"model": name, "pixels": height, "way": way} | timed(forward, images, expected, clock)
    for batch in (1, 2, 4, 8, 16, 32) if clock.device != "cpu" else (1, 2, 4, 8):
        crops = torch.rand(batch, 3, height, width, generator=generator).to(clock.device)
        each = clock.milliseconds(partial(visual, crops)) / batch
        yield {"model": name, "pixels": height, "way": f"a crop, {batch} at once", "ms": each, "error": 0.0}


def ways(view: Any, images: Any, expected: Any, clock: Clock) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    """Plain, folded, the site's own; and on CUDA in half precision."""
    import torch

    yield "plain", partial(dense_features.feature_map, view)
    if not dense_features.is_transformer(view):
        yield "folded", partial(dense_features.feature_map, folding.folded(view))
    start = process_time()
    fastest = inference.fastest(view, images, expected)
    yield f"the site's ({1000 * (process_time() - start):.0f} ms to load)", fastest
    if clock.device != "cpu":

        def half(images: Any) -> Any:
            with torch.autocast("cuda"):
                return dense_features.feature_map(view, images).float()

        yield "half precision", half


def timed(forward: Callable[[Any], Any], images: Any, expected: Any, clock: Clock) -> dict[str, Any]:
    """What a way takes, and how far its numbers are from those of the plain tower."""
    import torch

    with torch.inference_mode():
        error = float((forward(images) - expected).abs().max() / expected.abs().max())
    return {"ms": clock.milliseconds(partial(forward, images)), "error": error}


if __name__ == "__main__":
    main()
