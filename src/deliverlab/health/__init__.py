"""How well, and against whom.

`windows` adds up the days, `clusters` says how much they weigh, `rates` bounds the rate of a window,
`peers` makes the rates to compare with, `posterior` weighs one against the other, `score` grades, `advice`
says what to do, and `trends` draws it over time.
"""
