"""What services need from outside, as Protocols.

Every port has one contract suite in `tests/contracts/` that each implementation passes. All
implementations raise only errors of `domain.errors`. Times are aware UTC, cut to milliseconds.
Stores return frozen values; "guarded" updates change nothing and say so where the state is not
the expected one, so that repeating any call is safe.
"""
