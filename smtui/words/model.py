"""A model of meanings, as it is loaded: from this machine alone, unless it is to be fetched."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from smtui.domain.errors import ModelMissing
from smtui.domain.ports.words import TextEmbedding

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from sentence_transformers import SentenceTransformer

    Vectors = npt.NDArray[np.float32]

PACKAGE = "sentence_transformers"
_FIRST_FILES = ("modules.json", "config.json")
_WHOSE = "sentence-transformers"
_FETCH = "Get it once: smtui words fetch. Or set text.model to a folder that holds one."
_OTHER = "text.model should name a model of sentence-transformers, or a folder that holds one."
_WAY = "Is there a way to huggingface.co, and is its name right? A local folder does as well."
_VERSION_BYTES = 8
_LOOKED_AT = 16
_INSTALL = "In smtui's folder: .venv/bin/pip install -e '.[text]'."
_A_PATH = ("/", "~", ".")


def is_installed() -> bool:
    """True if the extra is there; loads nothing."""
    return importlib.util.find_spec(PACKAGE) is not None


def can_be_fetched(name: str) -> bool:
    """True if a model of this name may be had from afar; a folder is here or nowhere."""
    return is_installed() and not (name.startswith(_A_PATH) or Path(name).is_dir())


class SentenceModel:
    """Turns texts into vectors of length one; loads for seconds, so only in a process for it."""

    def __init__(self, name: str, *, fetch: bool = False) -> None:
        """Load a model by its name or folder; with `fetch` from afar, telling how far it is.

        Raises:
            ModelMissing: the extra or the model is not here, or it cannot be loaded.
        """
        if not is_installed():
            raise ModelMissing("The extra `text` is not installed", hint=_INSTALL)
        # Before the library is imported, which reads them once.
        os.environ["HF_HUB_VERBOSITY"] = "error"
        if not fetch:
            os.environ["HF_HUB_OFFLINE"] = "1"
        place = _place(name)
        try:
            self._model = _load(place, fetch=fetch)
        except (OSError, ValueError, RuntimeError) as error:
            raise missing(name, fetch=fetch) from error
        # A folder's own name is enough, and tells nobody whose it is.
        self.embedding = TextEmbedding(
            name=Path(place).name, version=self._version(), dimension=len(self.vectors([name])[0])
        )

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Embed texts: (n, dimensions), each of length one."""
        found: Vectors = self._model.encode(
            list(texts), normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
        )
        return found

    def _version(self) -> str:
        """Tell apart models of one name: by the shape of every weight and some of its numbers."""
        seen = hashlib.blake2b(digest_size=_VERSION_BYTES)
        for name, weight in sorted(self._model.state_dict().items()):
            seen.update(f"{name}{tuple(weight.shape)}".encode())
            seen.update(weight.flatten()[:_LOOKED_AT].float().numpy().tobytes())
        return seen.hexdigest()


def _place(name: str) -> str:
    """The folder, or the whole name: that of the library's makers may be left out of it."""
    folder = Path(name).expanduser()
    if folder.is_dir() or name.startswith(_A_PATH):
        return str(folder.absolute())
    return name if "/" in name else f"{_WHOSE}/{name}"


def _load(place: str, *, fetch: bool) -> SentenceTransformer:
    """Load it, having seen that it is here, or can be had: what loads it takes seconds itself.

    Without a way it would also try again for minutes.
    """
    # Late imports, by their weight.
    from huggingface_hub import snapshot_download, try_to_load_from_cache

    folder = os.environ.get("SENTENCE_TRANSFORMERS_HOME")
    if Path(place).is_absolute():
        seen = [(Path(place) / name).is_file() for name in _FIRST_FILES]
    elif fetch:
        seen = [bool(snapshot_download(place, cache_dir=folder, allow_patterns=[*_FIRST_FILES]))]
    else:
        found = [try_to_load_from_cache(place, name, cache_dir=folder) for name in _FIRST_FILES]
        seen = [isinstance(path, str) for path in found]
    if not any(seen):
        raise FileNotFoundError(place)
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(place, device="cpu", local_files_only=not fetch)


def missing(name: str, *, fetch: bool) -> ModelMissing:
    """Say why there is no model: a folder that holds none is not to be had from afar."""
    if Path(name).expanduser().is_dir():
        return ModelMissing(f"The folder {name} holds no model that can be loaded", hint=_OTHER)
    if name.startswith(_A_PATH):
        return ModelMissing(f"The model {name} is not on this machine", hint=_OTHER)
    if fetch:
        return ModelMissing(f"The model {name} could not be fetched", hint=_WAY)
    return ModelMissing(f"The model {name} is not on this machine", hint=_FETCH)
