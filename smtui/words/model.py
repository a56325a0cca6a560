"""A model of meanings, as it is loaded: from this machine alone, unless it is to be fetched."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

from smtui.domain.errors import ModelMissing
from smtui.domain.ports.words import TextEmbedding

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Vectors = npt.NDArray[np.float32]

PACKAGE = "sentence_transformers"
_FETCH = "Get it once: smtui words fetch. Or set text.model to a folder that holds one."
_OTHER = "text.model should name a model of sentence-transformers."
_VERSION_BYTES = 8
_LOOKED_AT = 16
_INSTALL = "Install it with smtui's extra `text`: pip install 'smtui[text]'."


def is_installed() -> bool:
    """Whether the extra is there; loads nothing."""
    return importlib.util.find_spec(PACKAGE) is not None


class SentenceModel:
    """Turns texts into vectors of length one; loads for seconds, so only in a process for it."""

    def __init__(self, name: str, *, fetch: bool = False) -> None:
        """Load a model by its name or folder.

        Raises:
            ModelMissing: the extra or the model is not here, or it cannot be loaded.
        """
        if not is_installed():
            raise ModelMissing("The extra `text` is not installed", hint=_INSTALL)
        if not fetch:
            # Before the library is imported, which reads it once.
            os.environ["HF_HUB_OFFLINE"] = "1"
        # A late import: torch takes seconds.
        from sentence_transformers import SentenceTransformer

        try:
            self._model = SentenceTransformer(name, device="cpu", local_files_only=not fetch)
        except (OSError, ValueError, RuntimeError) as error:
            if fetch:
                raise ModelMissing(
                    f"The model {name} could not be fetched",
                    hint="Is there a way to huggingface.co? A local folder does as well.",
                ) from error
            raise ModelMissing(f"The model {name} is not on this machine", hint=_FETCH) from error
        width = self._model.get_sentence_embedding_dimension()
        if width is None:
            raise ModelMissing(f"The model {name} does not turn texts into vectors", hint=_OTHER)
        # A folder's own name is enough, and tells nobody whose it is.
        self.embedding = TextEmbedding(
            name=PurePath(name).name, version=self._version(), dimension=width
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
