"""What happened: raw provider exports become events, events become daily counts.

In the order of the road: `records` (bytes to JSON records), `entries` (what a provider module says of one
recipient), `bounces` (why mail came back), `ses` and `sendgrid` (a module a provider), `providers` (all of
them), `recipients` (addresses and their keys), `settle` (duplicates, repeats, send times), `read` (exports
in memory), `commit` and `store` (the data directory), `daily` and `slices` (the roll-up).
"""
