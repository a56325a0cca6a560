"""The index of likeness and what descriptions mean, kept in Chroma.

Others use `index.ChromaIndex` and `texts.ChromaTexts` on a `client.ChromaLine`, and
`health.ChromaHealth`.
"""
