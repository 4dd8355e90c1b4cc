"""What the provider does about it: policies as data, replayed over history.

`toml` reads a file or says in a line what is wrong with it; `model` is a policy, `scenario` what is assumed
of accounts. `simulate` is the door to a replay: `past`, `book` and `peers` turn tables, policy and scenario
into arrays, `kernel` walks accounts through their days, `replay` runs it, `tables` makes tables of it again.
`outlook` tells an account in a stage what comes next. `words` says every key of a policy once: `describe`
lists it, `diff` tells two policies apart by it. `check` finds what is wrong with a policy, `trips` how often
chance alone trips `good` accounts. `reference` lists the keys of both files. `explain` says why accounts
stand where they do: `diary` has them walked again with what every rule saw, `steps` and `headroom` read it,
`forecast` lets history go on, `sentences` and `spelling` put it in words, `display` shows it in a notebook.
`sweep` walks many policies at once, and `tune` searches among them; `filing` writes one into a file.
"""
