"""Pictures of sounds: drawn when looked at, kept for a while, drawn from memory if need be."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

from smtui.domain.analysis import Measurement
from smtui.domain.errors import SoundUnreadable
from smtui.domain.picture import (
    Picture,
    PictureRequest,
    packed_picture,
    packed_request,
    unpacked_picture,
)
from smtui.domain.ports.sessions import Cache
from smtui.domain.ports.work import Painter
from smtui.services.slices import drawn

_CACHE_SECONDS = 86_400
# A picture of a full screen is some 20 kB.
_KEPT_PICTURES = 200
# Rises when the same request would be drawn differently.
_DRAWING = 1
_GONE = ("vanished", "forbidden")


class Pictures:
    """Gives pictures from memory, from the cache, from the painter, or from stored slices."""

    def __init__(self, painter: Painter, cache: Cache) -> None:
        self._painter = painter
        self._cache = cache
        self._kept: OrderedDict[str, Picture] = OrderedDict()
        self._putting: set[asyncio.Future[None]] = set()

    async def picture(
        self,
        request: PictureRequest,
        *,
        file_hash: str | None,
        heard: Measurement | None = None,
    ) -> Picture:
        """Give a picture; cancelling stops the drawing.

        Without `file_hash` nothing is kept. Where the file is gone, what was `heard` is drawn
        and the picture says so (`from_slices`). Raises SoundUnreadable.
        """
        key = None if file_hash is None else _key(request, file_hash)
        if key is not None and (known := await self._known(key)) is not None:
            return known
        try:
            picture = await self._painter.paint(request)
        except SoundUnreadable as error:
            remembered = drawn(request, heard) if heard and error.code in _GONE else None
            if remembered is None:
                raise
            return remembered
        if key is not None and not picture.coarse:
            self._keep(key, picture)
            self._put(key, picture)
        return picture

    async def close(self) -> None:
        """End the painter, and let what is being cached be finished."""
        await self._painter.close()
        await asyncio.gather(*self._putting)

    async def _known(self, key: str) -> Picture | None:
        if (picture := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            return picture
        packed = await self._cache.get(key)
        if packed is None:
            return None
        try:
            picture = unpacked_picture(packed)
        except (ValueError, KeyError, TypeError):
            # Another release wrote it, or it is damaged: the same as not there.
            return None
        self._keep(key, picture)
        return picture

    def _put(self, key: str, picture: Picture) -> None:
        """Cache in the background: nobody who looks should wait for it."""
        work = self._cache.put(key, packed_picture(picture), seconds=_CACHE_SECONDS)
        task = asyncio.ensure_future(work)
        self._putting.add(task)
        task.add_done_callback(self._putting.discard)

    def _keep(self, key: str, picture: Picture) -> None:
        self._kept[key] = picture
        if len(self._kept) > _KEPT_PICTURES:
            self._kept.popitem(last=False)


def _key(request: PictureRequest, file_hash: str) -> str:
    """The bytes and all that decides how they look; not the path, which may change."""
    wanted = packed_request(_placeless(request))
    digest = hashlib.blake2b(wanted, digest_size=12, salt=bytes([_DRAWING])).hexdigest()
    return f"cache:audio_features:{file_hash}:{digest}"


def _placeless(request: PictureRequest) -> PictureRequest:
    return replace(request, path=Path(), coarse=False)
