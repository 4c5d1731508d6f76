"""Fit the network of the object tool to objects whose masks are known.

    OMP_NUM_THREADS=1 python -m benchmarks.object_network FOLDER [--segments FOLDER] [--model JSON WEIGHTS] [--half 0|1]
        [--rounds N] [--jobs 1|2] [--pictures FILE] --write selector/selection/objects/context.npz

FOLDER is as for `benchmarks.selecting`; every fifth object, which that measures, is left out. `--segments` names a
folder of photos and `segmentations.npz`, what people have outlined in them: of each photo up to eight segments that
could be things. First gestures are made of each object, some of them drawn with less care. What the linear models
believe then (`weights`) is what the network begins with; with `--model`, an image tower in open_clip's format, at times
what they believe with what it has seen. `--half` fits to one half of the photos of FOLDER, so that the choice among
cuts (`benchmarks.object_weights --choice`) sees beliefs as they are for photos that no network has seen. `--pictures`
keeps what is made of the photos, and takes it from there the next time.

Needs torch, which is part of requirements.txt. Some ten minutes for the pictures, and as much for a network.
"""

from __future__ import annotations

import argparse
import pickle
from collections.abc import Iterator
from functools import partial
from multiprocessing import Pool
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional
from tqdm import tqdm

from benchmarks.object_weights import gestures_of, guessed, half_of
from benchmarks.selecting import Item, Models, add_model, items_of, models_of, subject_of
from benchmarks.selecting_ways import half_around_the_middle
from benchmarks.simulated_person import Subject, box_around, largest_part, loop_around, stroke_along
from selector.arrays import Floats, Mask, Rgb
from selector.segmentation import hierarchy, slic
from selector.selection.objects.context import by_cells, sampled
from selector.selection.objects.cutting import first_guess, in_picture
from selector.selection.objects.evidence import Evidence
from selector.selection.objects.likeness import border_weights, likeness_of
from selector.selection.objects.look import look_at
from selector.selection.objects.network import DOWN, UP, Network
from selector.selection.objects.shown import Shown, shown_by_part

# The belief's plane, and how much of it the output begins with.
BELIEF, TIMES = 6, 2.4
WIDTH = 12
BATCH, RATE, DECAY, LEFT_OUT = 32, 5e-3, 0.02, 0.2
# Segments that could be things: shares of the photo, the share of their largest part, and how unlike each other.
SMALLEST, LARGEST, IN_ONE_PIECE, ALIKE = 0.004, 0.4, 0.9, 0.6
SEGMENTS = 8
SUPERPIXELS = 2000


class Example(NamedTuple):
    """A picture, how much of each cell is in the object, and the half of the photos it is of; -1 of segments."""

    picture: Floats
    truth: Floats
    half: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--segments", type=Path, metavar="FOLDER", help="photos, and segments that people outlined")
    parser.add_argument("--half", type=int, choices=(0, 1), help="fit to this half of the photos")
    parser.add_argument("--rounds", type=int, default=16, metavar="N", help="how often each picture is seen")
    parser.add_argument("--jobs", type=int, choices=(1, 2), default=1, help="processes")
    parser.add_argument("--pictures", type=Path, metavar="FILE", help="keep the pictures there")
    add_model(parser)
    parser.add_argument("--write", type=Path, required=True, metavar="FILE", help="write the network there")
    options = parser.parse_args()
    if options.pictures and options.pictures.exists():
        examples = pickle.loads(options.pictures.read_bytes())
    else:
        examples = gathered(options.folder, options.segments, models_of(options.model), options.jobs)
        if options.pictures:
            options.pictures.write_bytes(pickle.dumps(examples))
    chosen = [each for each in examples if options.half is None or each.half in (-1, options.half)]
    write(fitted(chosen, options.rounds), options.write)


def gathered(folder: Path, segments: Path | None, models: Models, jobs: int) -> list[Example]:
    """Examples of all objects and segments."""
    items = items_of(folder, 5, True)
    with Pool(jobs) as pool:
        found = list(tqdm(pool.imap(partial(of_item, models=models), items), total=len(items), desc="objects"))
        if segments:
            outlined = np.load(segments / "segmentations.npz", allow_pickle=True)
            photos = {file.stem: file for file in sorted(segments.rglob("*.jpg"))}
            told = ((number, photos[name], outlined[name]) for number, name in enumerate(sorted(outlined.files)))
            found += tqdm(pool.imap(of_photo, told), total=len(outlined.files), desc="photos with segments")
    return [example for one in found for example in one]


def of_item(item: Item, models: Models) -> list[Example]:
    """Examples of an object."""
    subject, chance = subject_of(item, models), np.random.default_rng(item.number)
    half = half_of(item)
    drawings = (careless_box, careless_box, careless_box, careless_stroke, careless_stroke)
    careless = [draw(subject.mask, chance) for draw in drawings]
    features = [None, *subject.features.values()]
    found = [example_of(subject, evidence, half, None) for evidence in gestures_of(subject)]
    found += [example_of(subject, each, half, features[i % len(features)]) for i, each in enumerate(careless)]
    return [*found, example_of(subject, None, half, None)]


def of_photo(told: tuple[int, Path, Any]) -> list[Example]:
    """Examples of the segments of a photo."""
    number, file, outlined = told
    with Image.open(file) as photo:
        rgb: Rgb = np.array(photo.convert("RGB"))
    labels, chance = slic.segment(rgb, SUPERPIXELS), np.random.default_rng(number)
    parents, look, found = hierarchy.build(rgb, labels).parents, look_at(labels, rgb), []
    for mask in things_among(outlined, chance):
        subject = Subject(rgb, labels, parents, look, mask)
        gestures = (
            Evidence("box", box_around(mask)),
            careless_box(mask, chance),
            Evidence("loop", loop_around(mask)),
            Evidence("stroke", stroke_along(mask)),
            careless_stroke(mask, chance),
        )
        found += [example_of(subject, evidence, -1, None) for evidence in gestures]
    return found


def things_among(outlined: Any, chance: np.random.Generator) -> list[Mask]:
    """Segments that could be things: neither dust nor most of the photo, in one piece, hardly at the frame."""
    kept: list[Mask] = []
    for segments in outlined[:4]:
        for number in np.unique(segments):
            mask = segments == number
            if not SMALLEST <= mask.mean() <= LARGEST:
                continue
            part = largest_part(mask)
            sides = sum(bool(edge.any()) for edge in (part[0], part[-1], part[:, 0], part[:, -1]))
            if part.sum() < IN_ONE_PIECE * mask.sum() or sides > 1 or (sides and chance.random() < 0.5):
                continue
            if all((part & other).sum() <= ALIKE * (part | other).sum() for other in kept):
                kept.append(part)
    return [kept[i] for i in chance.permutation(len(kept))[:SEGMENTS]]


def careless_box(mask: Mask, chance: np.random.Generator) -> Evidence:
    """A box drawn by hand: each side a little within, or up to a seventh too far out."""
    (left, top), (right, bottom) = box_around(mask)
    off = chance.uniform(-0.04, 0.14, 4) * np.tile([right - left, bottom - top], 2)
    return Evidence("box", ((left - off[0], top - off[1]), (right + off[2], bottom + off[3])))


def careless_stroke(mask: Mask, chance: np.random.Generator) -> Evidence:
    """A stroke that begins later, ends sooner, and is a little beside the middle."""
    points = np.array(stroke_along(mask))
    first, last = (chance.uniform(0, 0.2, 2) * len(points)).astype(int)
    part = points[first : max(len(points) - last, first + 1)] + chance.normal(0, 2, 2)
    return Evidence("stroke", tuple((float(x), float(y)) for x, y in part))


def example_of(subject: Subject, evidence: Evidence | None, half: int, features: Floats | None) -> Example:
    """The picture of a gesture; of none, of a part that is to grow."""
    look, parents = subject.look, subject.parents
    if evidence is None:
        shown: Shown = shown_by_part(look, half_around_the_middle(subject))
        alike = likeness_of(look, parents)
        guess = first_guess(parents, look, shown, alike, border_weights(look))[1]
    else:
        shown, alike, _, guess = guessed(subject, evidence)
    start = evidence.start if evidence else "stroke"
    window, picture, _ = in_picture(subject.labels, parents, look, shown, alike, guess, start, features)
    truth = by_cells(sampled(subject.mask, window.rows, window.columns, 0)[None].astype(np.float32))[0]
    return Example(picture.astype(np.float16), truth.astype(np.float16), half)


class Trained(nn.Module):  # type: ignore[misc]  # torch is Any to mypy here
    """The same network as `Network`, to be fitted; each layer is normalised, which `layers` takes into the weights."""

    def __init__(self, planes: int, width: int) -> None:
        super().__init__()
        widths = {"full": width, "half": 2 * width, "quarter": 3 * width, "eighth": 4 * width}
        layers, inputs = {}, planes
        for size in DOWN:
            out = 3 * width if size == "eighth" else widths[size]
            layers[f"{size}_0"], layers[f"{size}_1"] = _layer(inputs, widths[size]), _layer(widths[size], out)
            inputs = out
        for name, beside, out in zip(UP, (3, 2, 1), (2, 2, 1), strict=True):
            layers[name], inputs = _layer(inputs + beside * width, out * width), out * width
        self.layers, self.last = nn.ModuleDict(layers), nn.Conv2d(width, 1, 1)
        nn.init.zeros_(self.last.weight)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        seen, values = [], pictures
        for size in DOWN:
            values = values if size == DOWN[0] else functional.max_pool2d(values, 2)
            values = self.layers[f"{size}_0"](values)
            if size == DOWN[-1]:
                values = functional.dropout2d(values, LEFT_OUT, self.training)
            values = self.layers[f"{size}_1"](values)
            seen.append(values)
        for name, beside in zip(UP, reversed(seen[:-1]), strict=True):
            values = self.layers[name](torch.cat([functional.interpolate(values, scale_factor=2), beside], 1))
        said: torch.Tensor = self.last(values)[:, 0] + TIMES * pictures[:, BELIEF]
        return said

    def arrays(self) -> Iterator[tuple[str, Floats]]:
        """Weights and biases by the names that `Network` reads."""
        for name in Network.LAYERS:
            convolution, norm = self.layers[name][0], self.layers[name][1]
            scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
            weights = convolution.weight * scale[:, None, None, None]
            yield f"{name}.weights", _as_array(weights.reshape(len(weights), -1))
            yield f"{name}.biases", _as_array((convolution.bias - norm.running_mean) * scale + norm.bias)
        yield "last.weights", _as_array(self.last.weight.reshape(1, -1))
        yield "last.biases", _as_array(self.last.bias)


def _layer(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU())


def _as_array(tensor: torch.Tensor) -> Floats:
    array: Floats = tensor.detach().numpy().astype(np.float32)
    return array


def fitted(examples: list[Example], rounds: int) -> Trained:
    """A network fitted to examples, in rounds over all of them."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    chance = np.random.default_rng(0)
    pictures = torch.tensor(np.stack([each.picture for each in examples]))
    truths = torch.tensor(np.stack([each.truth for each in examples]))
    trained = Trained(pictures.shape[1], WIDTH)
    steps = rounds * -(-len(examples) // BATCH)
    optimizer = torch.optim.AdamW(trained.parameters(), weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    for number in range(rounds):
        order, sums = chance.permutation(len(examples)), []
        for start in tqdm(range(0, len(order), BATCH), desc=f"round {number + 1} of {rounds}", disable=None):
            some = order[start : start + BATCH]
            seen, truth = varied(pictures[some].float(), truths[some].float())
            loss = loss_of(trained(seen), truth)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            sums.append(float(loss.detach()))
        print(f"round {number + 1}: {np.mean(sums):.4f}", flush=True)
    trained.eval()
    return trained


def varied(pictures: torch.Tensor, truths: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures mirrored, lighter or darker, negatives at times, and in other colours: what is an object stays one."""
    if torch.rand(1) < 0.5:
        pictures, truths = pictures.flip(-1), truths.flip(-1)
    n = len(pictures)
    light = torch.exp(0.2 * torch.randn(n, 1, 1)) * torch.where(torch.rand(n, 1, 1) < 0.2, -1.0, 1.0)
    turn, colour = 2 * torch.pi * torch.rand(n, 1, 1), torch.exp(0.3 * torch.randn(n, 1, 1))
    a, b = pictures[:, 1].clone(), pictures[:, 2].clone()
    pictures[:, 0] = pictures[:, 0] * light + 0.2 * torch.randn(n, 1, 1)
    pictures[:, 1] = colour * (torch.cos(turn) * a - torch.sin(turn) * b)
    pictures[:, 2] = colour * (torch.sin(turn) * a + torch.cos(turn) * b)
    return pictures, truths


def loss_of(said: torch.Tensor, truths: torch.Tensor) -> torch.Tensor:
    """How surprising the truth is, cell by cell, and how little overlaps."""
    surprise = functional.binary_cross_entropy_with_logits(said, truths, reduction="none").mean((1, 2))
    likely = torch.sigmoid(said)
    shared = (likely * truths).sum((1, 2))
    either = (likely + truths).sum((1, 2)) - shared
    return (surprise + 1 - (shared + 1) / (either + 1)).mean()


def write(trained: Trained, file: Path) -> None:
    """Keep a network as `Network.read` takes it."""
    arrays: dict[str, Any] = {name: array.astype(np.float16) for name, array in trained.arrays()}
    np.savez_compressed(file, **arrays, belief=BELIEF, times=TIMES)
    print(f"{file}: {sum(array.size for array in arrays.values())} numbers, {file.stat().st_size} bytes")


if __name__ == "__main__":
    main()
