"""The process that knows meanings: a line of JSON in, a line of JSON out.

`{"hello": name}`, which loads the model, with `"fetch": true` from afar, is answered by
`{"name", "version", "dimension"}`. Then `{"learn": [texts]}` by `{"vectors": …}`, which are held,
one below the other; `{"hold": vectors}` by `{"held": n}`; `{"ask": text}` by `{"scores": …}`, its
cosine with each that is held, in their order. Numbers are little-endian float32 in base64. Any of
them is answered by `{"title": …, "hint": …}` where the model cannot be had. It ends with its input.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any

from smtui.domain.errors import ModelMissing
from smtui.words.model import SentenceModel

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[np.float32]

_NICE = 10


class Meanings:
    """What is known of texts in this process.

    A question is compared with every one of them, exactly: that is one pass through memory.
    """

    def __init__(self, model: SentenceModel) -> None:
        self._model = model
        self._held: list[Array] = []

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one request."""
        if "learn" in request:
            vectors = self._model.vectors(request["learn"])
            self._held.append(vectors)
            return {"vectors": _encode(vectors)}
        if "hold" in request:
            self._held.append(_decode(request["hold"], self._model.embedding.dimension))
            return {"held": sum(map(len, self._held))}
        return {"scores": _encode(self._scores(request["ask"]))}

    def _scores(self, text: str) -> Array:
        # A late import: the model has loaded it.
        import numpy as np

        (asked,) = self._model.vectors([text])
        none = np.zeros(0, "<f4")
        return np.concatenate([none, *(part @ asked for part in self._held)])


def main() -> None:
    """Answer until the input ends."""
    # Nothing else may write among the answers: libraries like to tell how they are.
    output = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    os.nice(_NICE)
    sys.excepthook = _print_error
    meanings: Meanings | None = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if meanings is None:
                model = SentenceModel(request["hello"], fetch=request.get("fetch", False))
                meanings = Meanings(model)
                answer = _introduce(model)
            else:
                answer = meanings.answer(request)
        except ModelMissing as missing:
            answer = {"title": missing.title, "hint": missing.hint}
        output.write(f"{json.dumps(answer)}\n")
        output.flush()


def _print_error(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
    """Whoever fetches a model sees this: one line of what its library says."""
    sys.stderr.write(f"{kind.__name__}: {error}\n")


def _introduce(model: SentenceModel) -> dict[str, Any]:
    known = model.embedding
    return {"name": known.name, "version": known.version, "dimension": known.dimension}


def _encode(numbers: Array) -> str:
    return base64.b64encode(numbers.astype("<f4", copy=False).tobytes()).decode()


def _decode(numbers: str, dimension: int) -> Array:
    import numpy as np

    return np.frombuffer(base64.b64decode(numbers), "<f4").reshape(-1, dimension)


if __name__ == "__main__":
    main()
