"""The Celery application: four queues on Redis or Valkey, messages that are only wake-ups.

People write the address of Redis as `redis://`, `rediss://` (TLS), `valkey://`, `valkeys://` or
`unix://`, with what redis-py understands after the question mark. Celery's broker and its results
each read TLS options in their own way, so both are given them apart from the address.

Sources: Celery 5.6 "Configuration and defaults", kombu's Redis transport options.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, parse_qs, urlsplit, urlunsplit

from kombu.utils.scheduling import priority_cycle

from smtui.jobs.limits import Allowance

if TYPE_CHECKING:
    from celery import Celery

DEFAULT = "celery:queue:default"
AUDIO_PROCESSING = "celery:queue:audio_processing"
AI_ANALYSIS = "celery:queue:ai_analysis"
EMBEDDINGS = "celery:queue:embeddings"
QUEUES = (DEFAULT, AUDIO_PROCESSING, AI_ANALYSIS, EMBEDDINGS)
WORK = "smtui.work"
"""The task that listens to some files of a run. Whoever lets a message mean something else gives it
another name, so that an older worker leaves it out.
"""

INDEX = "smtui.index"
"""The task that puts sounds into the similarity index, named by their ids."""

NOT_UNDERSTOOD = "A message in the queue is from another version of smtui and was left out"

RESULT_SECONDS = 86_400
# What is longer is refused by its header.
_LONGEST_SECONDS = 6 * 3600.0
_ANSWER_SECONDS = 5.0
_OTHER_NAMES = {"valkey": "redis", "valkeys": "rediss"}
_REQUIREMENTS = {
    "none": ssl.CERT_NONE,
    "optional": ssl.CERT_OPTIONAL,
    "required": ssl.CERT_REQUIRED,
}
_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_ca_path")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkLimits:
    """What a worker allows itself.

    Attributes:
        children: processes that listen.
        chunk_seconds: about so much work is claimed at once, s.
        file_seconds: the limit of one file, seconds of the processor.
        file_seconds_per_mb, file_seconds_per_second: what a megabyte, and a second of sound, add
            to it.
        wall_times: so many times its limit a file may take on the wall, however busy the machine.
        still_times: so many times `file_seconds` a file may stand still, as on a drive that is
            gone.
        grace_seconds: how long after the limit a file that cannot be interrupted ends the child.
        lease_seconds: how long a claim lives without being renewed, s.
        sweep_seconds: how often lost work is looked for, s.
        linger_seconds: how long after its last claim a child counts as working, s.
        report_seconds: how often a worker says on the board that it lives, s.
        absent_seconds: how long a run waits for a machine that has its files, when no living
            worker has them, s.
        child_bytes: data memory of a child (RLIMIT_DATA, Linux alone); None is no limit.
    """

    children: int = 1
    chunk_seconds: float = 1.0
    file_seconds: float = 30.0
    file_seconds_per_mb: float = 1.0
    file_seconds_per_second: float = 0.1
    wall_times: float = 20.0
    still_times: float = 2.0
    grace_seconds: float = 5.0
    lease_seconds: float = 30.0
    sweep_seconds: float = 10.0
    linger_seconds: float = 3.0
    report_seconds: float = 4.0
    absent_seconds: float = 600.0
    child_bytes: int | None = None

    def seconds_for(self, file_size: int, duration: float) -> float:
        """Return what a file of this size, bytes, and length, s, may take of the processor, s.

        Each level asks for about the same; what a level loads and compiles once is not in it.
        """
        # A small file may hold hours, or only claim to: what no file can hold counts for nothing.
        lasting = min(duration, _LONGEST_SECONDS) if duration > 0 else 0.0
        return (
            self.file_seconds
            + self.file_seconds_per_mb * file_size / 1e6
            + self.file_seconds_per_second * lasting
        )

    def allowance(self, file_size: int, duration: float) -> Allowance:
        """Return all that such a file may take."""
        seconds = self.seconds_for(file_size, duration)
        return Allowance(
            processor=seconds,
            wall=self.wall_times * seconds,
            still=self.still_times * self.file_seconds,
        )


class DefaultFirst(priority_cycle):
    """Takes a person's own request first, then what is small, then the long work.

    However the transport names them: wake-ups of a long run always wait, and whatever comes behind
    them would wait for its end.
    """

    def consume(self, n: int) -> list[str]:
        """Return the first `n` queues, the default one in front."""
        ordered: list[str] = sorted(self.items, key=_place)
        return ordered[:n]


def celery_app(broker: str, results: str | None, limits: WorkLimits) -> Celery:
    """Make the application for these addresses of Redis or Valkey, as redis-py writes them.

    Without an address for results nobody waits for any: else each message would subscribe to its
    own, for good, over a line that Celery does not mend.
    """
    # A late import, 0.2 s: whoever only asks for the queues' names need not pay it.
    from celery import Celery
    from kombu.entity import Queue

    made = Celery("smtui", broker=kombu_address(broker), backend=_backend(results))
    # The default exchange routes by queue name and leaves no binding keys behind.
    queue: Any = Queue
    queues = [queue(name, exchange="", routing_key=name) for name in QUEUES]
    made.conf.update(
        task_queues=queues,
        task_default_queue=AUDIO_PROCESSING,
        task_default_exchange="",
        task_default_routing_key=AUDIO_PROCESSING,
        task_create_missing_queues=False,
        task_serializer="json",
        result_serializer="json",
        accept_content=["json"],
        result_expires=RESULT_SECONDS,
        task_acks_late=False,
        task_publish_retry=False,
        broker_transport_options=_transport(),
        broker_use_ssl=tls_options(broker),
        redis_backend_use_ssl=tls_options(results) if results else None,
        broker_connection_timeout=_ANSWER_SECONDS,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        redis_socket_timeout=_ANSWER_SECONDS,
        result_backend_always_retry=False,
        result_backend_transport_options={"retry_policy": _once()},
        **_worker(limits),
    )
    return made


def redis_address(url: str) -> str:
    """Write an address as redis-py reads it."""
    scheme, _, rest = url.partition("://")
    return f"{_OTHER_NAMES.get(scheme, scheme)}://{rest}"


def kombu_address(url: str) -> str:
    """Write an address as kombu and Celery read it: a socket as `redis+socket://`."""
    parts = urlsplit(redis_address(url))
    database = _option(parts, "db")
    if parts.scheme == "unix":
        return f"redis+socket://{parts.netloc}{parts.path}?virtual_host={database or 0}"
    path = f"/{database}" if database else parts.path
    return urlunsplit(SplitResult(parts.scheme, parts.netloc, path, "", ""))


def tls_options(url: str) -> dict[str, Any] | None:
    """Return the options of TLS, None where the address asks for none; certificates are checked."""
    parts = urlsplit(redis_address(url))
    if parts.scheme != "rediss":
        return None
    required = _option(parts, "ssl_cert_reqs").lower().removeprefix("cert_")
    options: dict[str, Any] = {
        "ssl_cert_reqs": _REQUIREMENTS.get(required, ssl.CERT_REQUIRED),
        # Without certificates to hold to there is no name to hold to either.
        "ssl_check_hostname": required != "none"
        and _option(parts, "ssl_check_hostname").lower() not in ("false", "0", "no"),
    }
    return options | {name: value for name in _FILES if (value := _option(parts, name))}


def _option(parts: SplitResult, name: str) -> str:
    return parse_qs(parts.query).get(name, [""])[-1]


def _place(queue: str) -> tuple[bool, bool, str]:
    return queue != DEFAULT, queue != EMBEDDINGS, queue


def _backend(results: str | None) -> str:
    """Name the class that keeps results, with its address as that class reads it."""
    if results is None:
        return "disabled://"
    return f"smtui.jobs.worker:PassingResults+{kombu_address(results).removeprefix('redis+')}"


def _transport() -> dict[str, Any]:
    return {
        # Wake-ups may be lost: no second copy of each in Redis, nothing that comes back later.
        "ack_emulation": False,
        "priority_steps": [0],
        "queue_order_strategy": DefaultFirst,
        "socket_timeout": _ANSWER_SECONDS,
        "socket_connect_timeout": _ANSWER_SECONDS,
        "max_retries": 1,
        "interval_start": 0,
    }


def _once() -> dict[str, float]:
    return {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1}


def _worker(limits: WorkLimits) -> dict[str, Any]:
    return {
        "worker_consumer": "smtui.jobs.worker:PatientConsumer",
        "worker_concurrency": limits.children,
        "worker_pool": "prefork",
        # Children are copies of a parent that has loaded what they need.
        "worker_pool_start_method": "fork",
        # A message waits in Redis, where everybody sees it, until a child is free.
        "worker_prefetch_multiplier": 1,
        "worker_disable_prefetch": True,
        "worker_enable_remote_control": False,
        "worker_send_task_events": False,
        "worker_disable_rate_limits": True,
        "worker_hijack_root_logger": True,
        "worker_redirect_stdouts": False,
        # s; a dead child keeps its place in the queue until it counts as lost.
        "worker_lost_wait": 0.5,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        # kB; a child that has grown is replaced between two messages.
        "worker_max_memory_per_child": 1_000_000,
    }
