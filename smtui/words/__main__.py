"""The process that knows meanings: a line of JSON in, a line of JSON out.

`{"learn": [texts]}` is answered by `{"known": n}`; `{"ask": text, "among": [texts]}` by
`{"scores": [cosine or null]}`; `{"hello": name}`, which loads the model, by `{"model": name}`; any
of them by `{"title": …, "hint": …}` where the model cannot be had. It ends with its input.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from smtui.domain.errors import ModelMissing
from smtui.words.model import SentenceModel

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_NICE = 10


class Meanings:
    """What is known of texts in this process."""

    def __init__(self, model: SentenceModel) -> None:
        self._model = model
        self._known: dict[str, npt.NDArray[np.float32]] = {}

    def learn(self, texts: Sequence[str]) -> int:
        """Embed those not yet known; gives how many are known now."""
        fresh = [text for text in dict.fromkeys(texts) if text not in self._known]
        if fresh:
            self._known |= dict(zip(fresh, self._model.vectors(fresh), strict=True))
        return len(self._known)

    def scores(self, text: str, among: Sequence[str]) -> list[float | None]:
        """The cosine of a text with each that is known."""
        (asked,) = self._model.vectors([text])
        known = self._known
        return [float(known[one] @ asked) if one in known else None for one in among]


def answer(meanings: Meanings, request: dict[str, Any]) -> dict[str, Any]:
    """Answer one request."""
    if "learn" in request:
        return {"known": meanings.learn(request["learn"])}
    return {"scores": meanings.scores(request["ask"], request["among"])}


def main() -> None:
    """Answer until the input ends."""
    # Nothing else may write among the answers: libraries like to tell how they are.
    output = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    os.nice(_NICE)
    meanings: Meanings | None = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if meanings is None:
                meanings = Meanings(SentenceModel(request["hello"]))
                told: dict[str, Any] = {"model": request["hello"]}
            else:
                told = answer(meanings, request)
        except ModelMissing as missing:
            told = {"title": missing.title, "hint": missing.hint}
        output.write(f"{json.dumps(told)}\n")
        output.flush()


if __name__ == "__main__":
    main()
