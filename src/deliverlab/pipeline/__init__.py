"""The road in code, and the only place that knows its order.

`directory` keeps the tables of a data directory, `road` walks from raw exports to a simulation,
`laboratory` judges and compares simulations,
`lookup` finds what a person named, `cases` gathers what a page shows, `timelines` counts stages by day,
`alike` and `effect` measure what reviews did, `reviews` and `appeals` keep them, `desk` queues cases,
`batch` writes pages and `results` tables, `runs` notes how, `samples` writes a
synthetic world, and `demo` does it all.
"""
