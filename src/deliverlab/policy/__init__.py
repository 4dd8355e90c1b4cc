"""What the provider does about it: policies as data, replayed over history.

`toml` reads a file or says in one line what is wrong with it; `model` is a policy, `scenario` what is assumed of
accounts; `peers` lays out what accounts are compared with; `kernel` walks an account through its days;
`simulate` is the door to it all; `outlook` tells an account in a stage what comes next.
"""
