"""The system's documents as another program has them: its fields and indexes, nothing of ours.

Strict, so that a number written as text or an id of another kind is seen; fields that it does not
know are kept aside, as programs do that were written before them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID, uuid4

from beanie import Document, Indexed, init_beanie
from motor.motor_asyncio import AsyncIOMotorClient
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)
from pymongo import ASCENDING, DESCENDING, IndexModel

KNOWING = ConfigDict(strict=True, extra="allow")


def _as_uuid(text: str) -> str:
    assert str(UUID(text, version=4)) == text, f"not a uuid of version 4: {text}"
    return text


def _utc(at: datetime) -> datetime:
    assert at.tzinfo is None or at.utcoffset() == UTC.utcoffset(None), at
    return at


def _a_float(value: object) -> object:
    assert type(value) is float, f"not a float: {value!r}"
    return value


Number = Annotated[float, BeforeValidator(_a_float)]
Id = Annotated[str, AfterValidator(_as_uuid)]
Time = Annotated[datetime, AfterValidator(_utc)]


def _new_id() -> str:
    return str(uuid4())


def naive_now() -> datetime:
    """A time without a zone, as many programs write UTC."""
    return datetime.now(UTC).replace(tzinfo=None)


class User(Document):
    model_config = KNOWING
    user_id: Annotated[Id, Indexed(unique=True)] = Field(default_factory=_new_id)
    email: Annotated[str, Indexed(unique=True)]
    username: Annotated[str, Indexed(unique=True)]
    hashed_password: str
    is_active: bool = True
    is_verified: bool = False
    created_at: Time = Field(default_factory=naive_now)
    last_login: Time | None = None
    total_analyses: int = 0
    total_uploads: int = 0

    class Settings:
        name = "users"
        indexes: ClassVar = [IndexModel([("created_at", DESCENDING)])]


class AudioFile(Document):
    model_config = KNOWING
    file_id: Annotated[Id, Indexed(unique=True)] = Field(default_factory=_new_id)
    filename: str
    file_path: str
    file_size: int
    duration: Number
    sample_rate: int
    channels: int
    format: str
    user_id: Annotated[Id | None, Indexed()] = None
    uploaded_at: Time = Field(default_factory=naive_now)
    tags: Annotated[list[str], Indexed()] = Field(default_factory=list)
    metadata: dict[str, Any] = Field(default_factory=dict)

    class Settings:
        name = "audio_files"
        indexes: ClassVar = [
            IndexModel([("uploaded_at", DESCENDING)]),
            IndexModel([("user_id", ASCENDING), ("uploaded_at", DESCENDING)]),
        ]


class SpectralFeatures(BaseModel):
    model_config = KNOWING
    spectral_centroid: list[Number]
    spectral_rolloff: list[Number]
    mfcc: list[list[Number]]
    chroma: list[list[Number]]


class AnalysisResult(Document):
    model_config = KNOWING
    analysis_id: Annotated[Id, Indexed(unique=True)] = Field(default_factory=_new_id)
    file_id: Annotated[Id, Indexed()]
    user_id: Annotated[Id | None, Indexed()] = None
    tempo: Number
    key: Literal["", "C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]
    mode: Literal["", "major", "minor"]
    time_signature: list[int]
    duration: Number
    spectral_features: SpectralFeatures
    ai_provider: str | None = None
    ai_model: str | None = None
    ai_summary: str | None = None
    ai_detailed: dict[str, Any] | None = None
    production_tips: list[str] = Field(default_factory=list)
    creative_ideas: list[str] = Field(default_factory=list)
    fl_studio_recommendations: list[str] = Field(default_factory=list)
    analysis_level: Literal["basic", "advanced", "full"]
    processing_time: Number
    analyzed_at: Annotated[Time, Indexed(index_type=DESCENDING)] = Field(default_factory=naive_now)

    class Settings:
        name = "analyses"
        indexes: ClassVar = [IndexModel([("user_id", ASCENDING), ("analyzed_at", DESCENDING)])]


class FileResult(BaseModel):
    model_config = KNOWING
    status: Literal["pending", "processing", "completed", "failed", "cancelled"]
    analysis_id: Id | None = None
    error: str | None = None

    @model_validator(mode="after")
    def _tells_what_came_of_it(self) -> FileResult:
        assert self.status != "completed" or self.analysis_id is not None
        assert self.status != "failed" or self.error
        return self


class BatchJob(Document):
    model_config = KNOWING
    batch_id: Annotated[Id, Indexed(unique=True)] = Field(default_factory=_new_id)
    user_id: Annotated[Id | None, Indexed()] = None
    status: Annotated[
        Literal["pending", "processing", "completed", "failed", "cancelled"], Indexed()
    ] = "pending"
    total_files: int
    completed: int = 0
    failed: int = 0
    file_ids: list[Id]
    results: dict[str, FileResult] = Field(default_factory=dict)
    created_at: Annotated[Time, Indexed(index_type=DESCENDING)] = Field(default_factory=naive_now)
    updated_at: Time = Field(default_factory=naive_now)

    class Settings:
        name = "batch_jobs"
        indexes: ClassVar = [IndexModel([("user_id", ASCENDING), ("status", ASCENDING)])]


MODELS: list[type[Document]] = [User, AudioFile, AnalysisResult, BatchJob]
THEIRS: dict[type[Document], set[str]] = {
    model: set(model.model_fields) - {"id", "revision_id"} for model in MODELS
}


@asynccontextmanager
async def other_program(url: str) -> AsyncIterator[Any]:
    """Open the library as the other program does, with its own indexes; gives its database."""
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(url, tz_aware=True)
    try:
        database = client.get_default_database()
        await init_beanie(database=database, document_models=MODELS)
        yield database
    finally:
        client.close()
