"""What happened: raw provider exports become events, events become daily counts.

In the order of the road: `unpack` (a file's bytes), `lines` and `records` (JSON records, the quick and the
careful way), `fields` (a record as a row), `csv_rows` and `tables` (CSV and Parquet), `envelopes` (events
inside records), `entries` (the shape of a mapping), `moments`, `recipients` and `bounces` (what times,
addresses and refusals mean), a module a provider and `column_map` for any table, `providers` and
`recognise` (all of them, and whose a file is), `reading` and `refusals` (rows to entries, with `hashes` for
their keys), `exports` (a file, a batch at a time), `settle` (duplicates, send times, repeats), `read`
(exports in memory), `sources` (databases and lakes), `deliveries` (what can be read in), `keys`,
`manifest`, `commit`, `spool`, `months` and `store` (the data directory), `settings` and `exclusions` (what
its owner wants), `daily`, `slices` and `caveats` (counts), `usual` and `proposals` (incidents that may be).
"""
