"""What happened: raw provider exports become events, events become daily counts.

In the order of the road: `records` (bytes to JSON records), `entries` (what is said of one recipient),
`bounces` (why mail came back), `ses` and `sendgrid` (a module a provider), `providers` (all of them),
`recipients` (addresses, hidden and masked), `exports` (a file to entries), `settle` (duplicates, send
times, repeats), `read` (exports in memory), `keys`, `manifest`, `commit` and `store` (the data directory),
`daily` and `slices` (counts).
"""
