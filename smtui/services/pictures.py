"""Pictures of sounds: drawn when looked at, kept for a while, drawn from memory if need be."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

from smtui.domain.analysis import Measurement
from smtui.domain.error_codes import ErrorCode
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
from smtui.services.flights import Aside, Flights
from smtui.services.slices import drawn

_CACHE_SECONDS = 86_400
# A picture of a full screen is some 20 kB.
_KEPT_PICTURES = 200
# Rises when the same request would be drawn differently.
_DRAWING = 1
_GONE = (ErrorCode.VANISHED, ErrorCode.NO_PERMISSION)


class Pictures:
    """Gives pictures from memory, from the cache, from the painter, or from stored slices.

    What several ask for at once is drawn once.
    """

    def __init__(self, painter: Painter, cache: Cache) -> None:
        self._painter = painter
        self._cache = cache
        self._kept: OrderedDict[str, Picture] = OrderedDict()
        self._flights: Flights[tuple[str, Path, bool], Picture] = Flights()
        self._aside = Aside()

    async def picture(
        self,
        request: PictureRequest,
        *,
        file_hash: str | None,
        heard: Measurement | None = None,
    ) -> Picture:
        """Give a picture; cancelling stops the drawing, unless others wait for it.

        Without `file_hash` nothing is kept. Where the file is gone, what was `heard` is drawn
        and the picture says so (`from_slices`). Raises SoundUnreadable.
        """
        try:
            if not file_hash:
                return await self._painter.paint(request)
            return await self._kept_or_drawn(request, _key(request, file_hash))
        except SoundUnreadable as error:
            remembered = drawn(request, heard) if heard and error.code in _GONE else None
            if remembered is None:
                raise
            return remembered

    async def close(self) -> None:
        """End the painter, and let what is being cached be finished."""
        await self._painter.close()
        await self._aside.end()

    async def _kept_or_drawn(self, request: PictureRequest, key: str) -> Picture:
        if (picture := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            return picture
        # By its path too: where one of several with the same bytes is gone, another may be there.
        wanted = (key, request.path, request.coarse)
        return await self._flights.result(wanted, lambda: self._cached_or_drawn(request, key))

    async def _cached_or_drawn(self, request: PictureRequest, key: str) -> Picture:
        if (known := await self._known(key)) is not None:
            return known
        picture = await self._painter.paint(request)
        if not picture.coarse:
            self._keep(key, picture)
            # Nobody who looks should wait for this.
            packed = packed_picture(picture)
            self._aside.do(self._cache.put(key, packed, seconds=_CACHE_SECONDS))
        return picture

    async def _known(self, key: str) -> Picture | None:
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

    def _keep(self, key: str, picture: Picture) -> None:
        self._kept[key] = picture
        if len(self._kept) > _KEPT_PICTURES:
            self._kept.popitem(last=False)


def _key(request: PictureRequest, file_hash: str) -> str:
    """The bytes and all that decides how they look; not the path, which may change."""
    wanted = packed_request(_placeless(request))
    digest = hashlib.blake2b(wanted, digest_size=12, salt=bytes([_DRAWING])).hexdigest()
    # A prefix of its own: whoever reads what the cache has of a sound's features finds JSON.
    return f"cache:pictures:{file_hash}:{digest}"


def _placeless(request: PictureRequest) -> PictureRequest:
    return replace(request, path=Path(), coarse=False)
