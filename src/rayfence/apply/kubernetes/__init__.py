"""Plans carried out on a Kubernetes cluster, and taken back."""

from rayfence.apply.kubernetes.destroy import Condemned, condemned, destroy
from rayfence.apply.kubernetes.execute import execute
from rayfence.apply.kubernetes.lanes import LANES
from rayfence.apply.kubernetes.order import Order, Surroundings

__all__ = ["LANES", "Condemned", "Order", "Surroundings", "condemned", "destroy", "execute"]
