"""The road on Spark: the package's own Polars functions in its executors, for more than one machine holds.

Spark moves rows until all of an account, or of a peer group, lie in one partition; a partition is then worked
on as a Polars table. Nothing that grows with accounts comes to the driver. See docs/spark.md.
"""

from deliverlab.spark.days import daily_counts as daily_counts
from deliverlab.spark.peers import peer_rates as peer_rates
from deliverlab.spark.tuning import Tuning as Tuning
from deliverlab.spark.tuning import tune as tune
from deliverlab.spark.walks import Simulation as Simulation
from deliverlab.spark.walks import simulate as simulate

__all__ = ["Simulation", "Tuning", "daily_counts", "peer_rates", "simulate", "tune"]
