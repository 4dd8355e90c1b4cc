"""What accounts must fix: from a contact list and its events to a checklist, and back to good standing.

`rules` holds numbers and words with their sources, `reasons` what each reason leads to. `addresses` judges
addresses, `mailings` sums up events, `facts` puts both beside the list; `permission`, `engagement` and
`validity` find reasons in `wording`, `decisions` decides. `checklist` counts, `removals` says what each group
did to the rates, `segments` where it came from. `steps` says what to do, `export` and `workbook` hand it out,
`kept` takes it back and `attest` records it; `appeals` and `prevention` are for appeals.

Did it help? `spells` says which notice a review answered and who came back, `matching` who was alike,
`effect` and `account_effects` what reviews did, by `resampling`; `event_study`, `holds` and `multipliers` say
it in other ways. `desk` is what reviewers have before them.
"""
