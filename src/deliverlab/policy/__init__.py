"""What the provider does about it: policies as data, replayed over history.

`toml` reads a file or says in a line what is wrong with it; `model` is a policy, `scenario` what is assumed
of accounts. `simulate` is the door to a replay: `past`, `book` and `peers` turn tables, policy and scenario
into arrays, `kernel` walks accounts through their days, `replay` runs it and makes tables again. `outlook`
tells an account in a stage what comes next, `describe` says a policy in words.
"""
