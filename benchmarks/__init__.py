"""How fast, against what a user would pick instead: `python -m benchmarks NAME`, or no name for the list."""
