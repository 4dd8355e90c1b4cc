"""How well, and against whom.

`windows` adds up the days before a day, and `clusters` says how much they weigh. `pools` finds what
accounts have in common, `peers` makes monthly peer rates of it (`published` has those that others have
printed), and `lookup` says which hold for whom. `rates` bounds the rate of a window, `compared` puts it
beside the peers' and `posterior` weighs the two. `score` grades whole accounts, `advice` tells them what to
do (in the words of `next_steps`), and `trends` shows how they went.

What an analyst asks next: `looks` says whom to read first, `sensitivity` what a grade hangs on (`without` a
campaign or some domains), and `positions` where everyone stands on a `funnel`. `fits` has the classic
estimates of how far accounts differ.
"""
