"""The file with the weights of an open_clip model, fetched where it is missing. Every error is one sentence."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Progress = Callable[[int, int | None], None]
"""Called with the number of bytes that are there, and with the total where it is known."""

CONFIG_KEYS = {"embed_dim", "vision_cfg", "text_cfg"}
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}


@dataclass(frozen=True)
class Pin:
    """The commit of a repository on the hub, and the SHA-256 of its files as they were then."""

    revision: str
    sha256: dict[str, str]


# Of the default weights. Without a pin, weights are whatever their publisher's `main` is on the day of fetching.
PINNED = {
    "laion/CLIP-ViT-B-32-DataComp.XL-s13B-b90K": Pin(
        "f0e2ffa09cbadab3db6a261ec1ec56407ce42912",
        {"open_clip_model.safetensors": "3c00043509d2e3f35ec62bd85a643a393883dcda624d8208d034cc390c708297"},
    ),
}
NO_PIN = Pin("main", {})


class OtherContent(Exception):
    """A fetched file is not the one that is pinned."""


class WeightsMissing(RuntimeError):
    """A model cannot be used. The text is one sentence: why, and what to do."""


def register(model: str) -> str:
    """The name by which open_clip knows a model. A `.json` description is made known to it first.

    Parameters
    ----------
    model : str
        Name of an open_clip model, or path of a `.json` file that describes one.

    Returns
    -------
    str

    Raises
    ------
    WeightsMissing
        If there is no such model, or the file describes none.
    """
    import open_clip

    if not model.endswith(".json"):
        if model not in open_clip.list_models():
            raise WeightsMissing(f"There is no open_clip model named {model}: correct the name.")
        return model
    path = Path(model)
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsMissing(f"The model description {path.name} is missing or damaged: put it back.") from error
    if not isinstance(config, dict) or not config.keys() >= CONFIG_KEYS:
        raise WeightsMissing(f"The file {path.name} does not describe an open_clip model: name another one.")
    open_clip.add_model_config(path)
    return path.stem


def fetch(
    model: str,
    pretrained: str,
    *,
    cache_dir: str | Path | None = None,
    download: bool = True,
    progress: Progress | None = None,
) -> Path:
    """The file with the weights of a model, fetched where it is missing.

    Parameters
    ----------
    model : str
        Name of an open_clip model, or path of a `.json` file that describes one.
    pretrained : str
        Path of a file with weights, or a tag that open_clip knows for this model.
    cache_dir : path, optional
        Where fetched weights are kept; by default where the hub's own client keeps them.
    download : bool, optional
        Whether to fetch what is not there yet.
    progress : callable, optional
        Called during a download.

    Returns
    -------
    Path

    Raises
    ------
    WeightsMissing
        If the weights are not there, and cannot or may not be fetched.
    """
    name = register(model)
    if Path(pretrained).is_file():
        return Path(pretrained)
    tag = tag_of(name, pretrained)
    if not tag:
        raise WeightsMissing(_neither_file_nor_tag(name, pretrained))
    if kept := _kept(tag, cache_dir):
        return kept
    if not download:
        raise WeightsMissing(
            f"The weights {pretrained} of {name} are not here yet: manage.py fetch_models fetches them."
        )
    try:
        return _from_hub(tag, cache_dir, progress) if tag.get("hf_hub") else _from_url(tag["url"], cache_dir)
    except Exception as error:  # The hub's client also raises the errors of its HTTP library.
        raise WeightsMissing(f"The weights {pretrained} of the model {name} {_why(error)}") from error


def tag_of(name: str, pretrained: str) -> dict[str, Any]:
    """What open_clip knows about weights: where they are, and how images are prepared. Empty for an unknown tag."""
    import open_clip

    return dict(open_clip.get_pretrained_cfg(name, pretrained) or {})


def _neither_file_nor_tag(name: str, pretrained: str) -> str:
    """The sentence about weights that are neither a file nor a tag of the model."""
    path = Path(pretrained)
    if path.suffix or len(path.parts) > 1:
        return f"The weights file {path.name} is not there: put it back, or name another."
    return f"The model {name} has no weights {pretrained}: name a file, or another tag."


def _kept(tag: dict[str, Any], cache_dir: str | Path | None) -> Path | None:
    """The file, if it has been fetched before."""
    from huggingface_hub import try_to_load_from_cache

    if not tag.get("hf_hub"):
        fetched = _url_folder(cache_dir) / Path(tag["url"]).name
        return fetched if fetched.is_file() else None
    for repository, file in _hub_files(tag["hf_hub"]):
        revision = PINNED.get(repository, NO_PIN).revision
        found = try_to_load_from_cache(repository, file, cache_dir=cache_dir, revision=revision)
        if isinstance(found, str):
            return Path(found)
    return None


def _hub_files(address: str) -> Iterator[tuple[str, str]]:
    """The repository and the files to try, the safe format first."""
    from open_clip.constants import HF_SAFE_WEIGHTS_NAME, HF_WEIGHTS_NAME

    repository, _, file = address.rpartition("/")
    file = file or HF_WEIGHTS_NAME
    yield repository, HF_SAFE_WEIGHTS_NAME if file == HF_WEIGHTS_NAME else str(Path(file).with_suffix(".safetensors"))
    yield repository, file


def _from_hub(tag: dict[str, Any], cache_dir: str | Path | None, progress: Progress | None) -> Path:
    """Fetch the first file that the hub has."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    bar = _bar(progress)
    for repository, file in _hub_files(tag["hf_hub"]):
        pin = PINNED.get(repository, NO_PIN)
        try:
            fetched = hf_hub_download(repository, file, revision=pin.revision, cache_dir=cache_dir, tqdm_class=bar)
            return _checked(Path(fetched), pin.sha256.get(file))
        except LocalEntryNotFoundError:
            raise  # The hub does not answer: the other file is not tried.
        except EntryNotFoundError:
            continue
    raise FileNotFoundError(f"no weights in {tag['hf_hub']}")


def _checked(path: Path, sha256: str | None) -> Path:
    """The file, if its content is as pinned; else it is deleted, so that it is never taken for weights."""
    with path.open("rb") as file:
        if sha256 in (None, hashlib.file_digest(file, "sha256").hexdigest()):
            return path
    path.resolve().unlink()
    path.unlink(missing_ok=True)
    raise OtherContent(path.name)


def _from_url(url: str, cache_dir: str | Path | None) -> Path:
    """Fetch into a temporary folder, then move: a broken download is never taken for weights."""
    import open_clip

    folder = _url_folder(cache_dir)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as unfinished:
        fetched = open_clip.download_pretrained_from_url(url, cache_dir=unfinished)
        return Path(shutil.move(fetched, folder / Path(url).name))


def _url_folder(cache_dir: str | Path | None) -> Path:
    return Path(cache_dir) if cache_dir else Path.home() / ".cache" / "clip"


def _bar(progress: Progress | None) -> type[Any]:
    """A class for the hub's client that draws no progress bar and calls `progress`."""
    from tqdm import tqdm

    class Bar(tqdm):  # type: ignore[type-arg]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **{**kwargs, "disable": True})
            self.there = int(kwargs.get("initial", 0))

        def update(self, n: float | None = 1) -> bool | None:
            self.there += int(n or 0)
            if progress:
                progress(self.there, int(self.total) if self.total else None)
            return None

    return Bar


def _why(error: BaseException | None) -> str:
    """The end of the sentence about an error: the first cause in its chain, and what to do."""
    from huggingface_hub.errors import LocalEntryNotFoundError

    unreachable = False
    while error is not None:
        number = error.errno if isinstance(error, OSError) else None
        if number in FULL:
            return "do not fit on the disk: free some space in the folder of models, or set another."
        if number in FORBIDDEN:
            return "cannot be stored: make the folder of models writable, or set another."
        if isinstance(error, OtherContent):
            return "are not those that are pinned, so they were deleted: fetch them again, or name a file that is here."
        unreachable = unreachable or isinstance(error, LocalEntryNotFoundError | ConnectionError)
        error = error.__cause__ or error.__context__
    if unreachable:
        return "cannot be fetched, since the hub does not answer: check the network, or name a file that is here."
    return "cannot be fetched from the hub: try again later, or name a file that is here."
