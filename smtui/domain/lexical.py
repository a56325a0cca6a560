"""Which descriptions say what somebody looks for, by the words alone.

A term counts by how rare it is (the inverse document frequency of BM25: Robertson and Zaragoza,
"The probabilistic relevance framework", 2009). Descriptions are about equally long and say a thing
once, so that nothing else of that measure matters; what they say beyond the question decides
between equals. A term's opposite takes away what the term would have given, half of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from math import log

from smtui.domain.vocabulary import Terms, opposites, terms

_AGAINST = 0.5
_BESIDES = 0.002


class Lexicon:
    """The distinct descriptions of a library, and how often each of their terms is used."""

    def __init__(self, descriptions: Iterable[str]) -> None:
        self._terms: Mapping[str, frozenset[str]] = {
            text: terms(text).wanted for text in set(descriptions)
        }
        counts = Counter(term for said in self._terms.values() for term in said)
        whole = len(self._terms)
        self._rarity = {
            term: log(1 + (whole - count + 0.5) / (count + 0.5)) for term, count in counts.items()
        }
        self._rarest = log(1 + (whole + 0.5) / 0.5)

    def scores(self, asked: Terms) -> Mapping[str, float]:
        """How well each description answers, at most 1; those that do not at all are left out."""
        wanted = {term: self._rarity.get(term, self._rarest) for term in asked.wanted}
        unwanted = {term: self._rarity.get(term, self._rarest) for term in asked.unwanted}
        whole = sum(wanted.values()) or sum(unwanted.values())
        if not whole:
            return {}
        against = {other: rarity for term, rarity in wanted.items() for other in opposites(term)}
        found = {}
        for text, said in self._terms.items():
            score = sum(rarity for term, rarity in wanted.items() if term in said)
            if not wanted:
                score = whole
            score -= _AGAINST * sum(rarity for term, rarity in against.items() if term in said)
            score -= sum(rarity for term, rarity in unwanted.items() if term in said)
            if score > 0:
                beyond = len(said - asked.wanted)
                found[text] = score / whole - _BESIDES * beyond
        return found
