"""Synthetic worlds: accounts with stories plan their mail, and chance makes traffic or messages of it.

In order: `industries` (base rates), `stories` (what befalls an account), `roles` (fixed parts), `accounts`,
`plan` (how much mail, and what is likely to become of it), `traffic` (what became of it, in counts).
Accounts with a role have instead of `traffic`: `contacts`, `messages`, `happenings` (what happened to each),
`tally` (events summed up), and `replies`, `ses`, `sendgrid`, `exports` (events as providers write them).
Then `rollup` (counts to tables), `register` (what the provider has on record), `world` (all of it).
"""
