"""The road on a real cluster of Spark gives what one machine gives."""
