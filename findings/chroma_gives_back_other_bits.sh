#!/usr/bin/env bash
# Good guess: a vector database gives back the float32 vector it was given, bit by bit.
# True: a collection with cosine distance keeps the vector at unit length; what `get` returns is
#   that one scaled back, and other last bits come with each trip through another collection.
# Hurt: whoever compares a moved or restored index by hashes of its vectors, or keeps no vectors
#   beside it: they drift with every move.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q chromadb==1.5.9 numpy==2.3.5
cd "$work"
ANONYMIZED_TELEMETRY=False "$work/venv/bin/python" - <<'PYTHON'
import chromadb
import numpy

made = numpy.random.default_rng(1).normal(size=(500, 768)).astype("float32")
ids = [str(number) for number in range(len(made))]
client = chromadb.PersistentClient("index")
changed = []
before = made
for trip, space in enumerate(["l2", "cosine", "cosine", "cosine"]):
    collection = client.create_collection(f"trip-{trip}", metadata={"hnsw:space": space})
    collection.add(ids=ids, embeddings=before)
    got = collection.get(ids=ids, include=["embeddings"])
    rank = {name: row for row, name in enumerate(got["ids"])}
    after = numpy.asarray(got["embeddings"], "float32")[[rank[name] for name in ids]]
    changed.append(int((after != before).any(axis=1).sum()))
    print(
        f"chromadb {chromadb.__version__}, {space}: {changed[-1]} of {len(made)} vectors differ"
        f" from what was added, by {abs(after - before).max():.1e} at most"
    )
    assert numpy.allclose(after, made, atol=1e-5)
    before = after
assert changed[0] == 0 and min(changed[1:]) > 0, "Chroma behaves otherwise now"
PYTHON
