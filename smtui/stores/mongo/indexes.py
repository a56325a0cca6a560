"""Every index that smtui needs, by collection; made once, checked at every start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

USERS, AUDIO_FILES, ANALYSES, BATCH_JOBS = "users", "audio_files", "analyses", "batch_jobs"
FOLDERS, SEARCHES, STATE = "smtui_folders", "smtui_searches", "smtui_state"
UNREADABLE = "smtui_unreadable"

UP, DOWN = 1, -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """An index as it must be; `keys` are fields in order, each UP or DOWN."""

    keys: tuple[tuple[str, int], ...]
    unique: bool = False
    sparse: bool = False

    @property
    def name(self) -> str:
        """What MongoDB calls it by itself: `user_id_1_uploaded_at_-1`."""
        return "_".join(f"{field}_{direction}" for field, direction in self.keys)


def up(*fields: str) -> Index:
    """A plain index, every field rising."""
    return Index(keys=tuple((field, UP) for field in fields))


def down(field: str) -> Index:
    """A plain index, falling."""
    return Index(keys=((field, DOWN),))


def unique(field: str, *, sparse: bool = False) -> Index:
    """An index that lets a value be there once; sparse: documents without the field are free."""
    return Index(keys=((field, UP),), unique=True, sparse=sparse)


USER_INDEXES = (
    unique("user_id"),
    unique("email"),
    unique("username"),
    down("created_at"),
    unique("email_key", sparse=True),
    unique("username_key", sparse=True),
)

# What the table sorts by; each order is walked along its index, equal values by file_id.
_SORTED = (
    "search_key",
    "folder_key",
    "length_key",
    "added_key",
    "tags_key",
    "heard.kind",
    "heard.tempo",
    "heard.key_label",
    "heard.loudness_lufs",
)

# What a filter alone is answered by, and the walk along what was not heard yet.
_FILTERED = (
    up("tag_keys"),
    up("folder_parts"),
    up("inside"),
    up("format"),
    up("sample_rate"),
    up("channels"),
    up("heard.mode", "file_id"),
    up("heard.is_loop", "file_id"),
    up("heard.root_note"),
    up("heard.rank", "file_id"),
    Index(keys=(("heard.recipe_version", UP),), sparse=True),
    # What a row took from another program's analysis, which may go or change without a word.
    Index(keys=(("heard.source", UP),), sparse=True),
    up("disagrees", "file_id"),
    up("heard.true_peak_dbtp"),
    up("heard.bits_used"),
    up("heard.clipped_samples"),
    up("heard.dc_offset"),
    up("heard.silence_head"),
    up("heard.silence_tail"),
    up("heard.stereo_correlation"),
    Index(keys=(("trouble.code", UP),), sparse=True),
    Index(keys=(("missing_since", UP),), sparse=True),
)

AUDIO_FILE_INDEXES = (
    unique("file_id"),
    up("user_id"),
    down("uploaded_at"),
    Index(keys=(("user_id", UP), ("uploaded_at", DOWN))),
    up("tags"),
    up("file_hash"),
    unique("path_key", sparse=True),
    Index(keys=(("audio_mark", UP),), sparse=True),
    *(up(field, "file_id") for field in _SORTED),
    *_FILTERED,
)

ANALYSIS_INDEXES = (
    unique("analysis_id"),
    up("file_id"),
    up("user_id"),
    down("analyzed_at"),
    Index(keys=(("user_id", UP), ("analyzed_at", DOWN))),
    up("file_hash", "recipe_version"),
    # One document per file and recipe: {file_hash, recipe_version} is shared by equal bytes,
    # and other programs write several documents for one file.
    unique("smtui_key", sparse=True),
    # What lacks it nobody has looked at: another program's, or an older smtui's.
    up("shape"),
)

BATCH_INDEXES = (
    unique("batch_id"),
    up("user_id"),
    up("status"),
    up("user_id", "status"),
    down("created_at"),
    up("run_id", "status", "_id"),
    # Everything that a run is told by, so that nobody reads a batch to watch it. A batch keeps its
    # place among the others whatever becomes of it: no walk misses one that ends meanwhile.
    up(
        "run_id",
        "_id",
        "status",
        "user_id",
        "level",
        "total_files",
        "completed",
        "failed",
        "cancelled",
        "processing",
        "heard_ms",
        "created_at",
        "updated_at",
        "started_at",
        "finished_at",
        "cancel_requested_at",
    ),
    Index(keys=(("user_id", UP), ("created_at", DOWN), ("run_id", UP), ("batch_id", UP))),
)

FOLDER_INDEXES = (up("user_id", "folder_path"),)

SEARCH_INDEXES = (Index(keys=(("user_id", UP), ("kind", UP), ("name", UP), ("used_at", DOWN))),)

INDEXES: Mapping[str, tuple[Index, ...]] = {
    USERS: USER_INDEXES,
    AUDIO_FILES: AUDIO_FILE_INDEXES,
    ANALYSES: ANALYSIS_INDEXES,
    BATCH_JOBS: BATCH_INDEXES,
    FOLDERS: FOLDER_INDEXES,
    SEARCHES: SEARCH_INDEXES,
    UNREADABLE: (up("user_id"),),
    STATE: (),
}
