"""The policy check, a module for each thing that can be wrong: who is reached, limits, the ladder, chance."""
