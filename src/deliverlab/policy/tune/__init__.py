"""The search for better numbers of a policy.

`search` is the file that says what may vary and what is wanted; `calendar` which days are searched and which
judge; `points` makes policies of it, `rounds` tries them; `choice` says which are allowed and which are on
the front, `finalists` which one to take; `optimism` how much of a figure is the luck of having picked the
best; `tune` is the door. `calibrate` sets the limits of one rule, band by band, to one
rate of false trips.
"""
