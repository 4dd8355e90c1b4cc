"""Many policies on one history at once.

`bench` is the door. `ground` lays history and scenario out in arrays, `rulebook` the policies; `leaps` runs
the compiled leap over both, and `sums` makes of what it counted the sums that measures are made of.
"""
