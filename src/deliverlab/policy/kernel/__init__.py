"""The ladder, compiled: one account after another, day after day, in the order in which a policy decides.

`layout` says how history, policy and scenario lie in arrays; `windows` counts mail, `rules` look at it,
`ladder` moves accounts; `walk` is the one function that is called from outside. Names are numbers here
(stage 0 is good standing), days count from 1970-01-01, and what is not there is `NONE` or not a number.
"""
