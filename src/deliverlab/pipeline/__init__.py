"""The road in code, and the only place that knows its order.

`directory` keeps the tables of a data directory, `road` walks from raw exports to a simulation,
`cases` gathers what a page shows, `batch` writes the pages, `results` the tables, `runs` notes how,
`samples` writes a synthetic world, and `demo` does all of it.
"""
