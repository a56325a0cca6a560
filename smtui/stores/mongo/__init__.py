"""The documents on MongoDB: accounts, sounds, analyses, batches, shared by several machines.

Others use `library.opened`, and for `smtui services check` `client.MongoLine` and
`health.MongoHealth`.
"""
