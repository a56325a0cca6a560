"""How far likeness can be trusted: asked of what one sees, and of nothing else."""

from __future__ import annotations

from pathlib import Path

from smtui.audio.recipe_version import RECIPE_VERSION
from smtui.demo import instruments as play
from smtui.domain.account import UserId
from smtui.domain.path_map import PathMap
from smtui.services.nearest import LikenessPorts
from smtui.services.retrieval_check import KIND, RetrievalCheck, Tally
from smtui.similarity.comparison import MatrixComparison
from smtui.similarity.outside_listener import InspectedOutside
from smtui.similarity.probes import RecipeProber
from smtui.stores.chroma.client import ChromaLine
from smtui.stores.chroma.index import ChromaIndex
from smtui.stores.redis.cache import RedisCache
from smtui.stores.redis.link import RedisLink
from tests.services.sounding import RATE, SoundingLibrary, sounding

ANNA = UserId("11111111-1111-4111-8111-111111111111")
BERT = UserId("22222222-2222-4222-8222-222222222222")


async def nowhere() -> str:
    return "http://127.0.0.1:1"


async def told(
    library: SoundingLibrary, link: RedisLink, viewer: UserId, paths: PathMap | None = None
) -> Tally:
    ports = LikenessPorts(
        samples=library.documents.samples,
        embeddings=library.documents.embeddings,
        index=ChromaIndex(ChromaLine(nowhere), recipe_version=RECIPE_VERSION, about=False),
        comparison=MatrixComparison(),
        outside=InspectedOutside(),
        cache=RedisCache(link),
    )
    check = RetrievalCheck(ports, paths=paths or PathMap(), recipe_version=RECIPE_VERSION)
    asking = check.tallies(RecipeProber(), sample=10, viewer=viewer)
    return [tally async for tally in asking][-1]


async def test_nobodys_private_sounds_are_opened_or_counted_for_another(
    tmp_path: Path, link: RedisLink
) -> None:
    async with sounding(tmp_path) as library:
        library.write("crash.wav", 0.7 * play.crash(RATE))
        await library.scan(user_id=ANNA)
        await library.hear()
        (library.folder / "crash.wav").unlink()
        library.write("kick.wav", 0.7 * play.kick(RATE, low=43, seconds=0.6))
        await library.scan()
        await library.hear("kick.wav")
        anna, bert = await told(library, link, ANNA), await told(library, link, BERT)
        assert (anna.compared, anna.sounds) == (2, 2)
        assert (bert.compared, bert.sounds) == (1, 1)
        assert bert.asked[KIND] == 0


async def test_a_sound_is_not_judged_by_another_file_that_has_its_path_here(
    tmp_path: Path, link: RedisLink
) -> None:
    async with sounding(tmp_path) as library:
        library.write("kick.wav", 0.7 * play.kick(RATE, low=43, seconds=0.6))
        await library.scan()
        await library.hear()
        assert set((await told(library, link, ANNA)).asked) == {"re-encoded", "second half"}
        elsewhere = PathMap(prefixes={"/studio": str(library.folder)})
        assert not (await told(library, link, ANNA, elsewhere)).asked
