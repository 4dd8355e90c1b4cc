"""What accounts must fix: from a contact list and its events to a checklist, and back to good standing.

`rules` holds numbers and words with their sources, `reasons` what each reason leads to. `addresses` judges
addresses, `mailings` sums up events, `facts` puts both beside the list; `permission`, `engagement` and
`validity` find reasons in `wording`, `decisions` decides. `checklist` counts, `removals` says what each group
did to the rates, `segments` where it came from. `steps` says what to do, `attest` records it, `export` and
`workbook` hand it out.
"""
