# SPDX-License-Identifier: Apache-2.0
"""All faults of the lab, in the order of their cases."""

import faults_of_stores  # noqa: F401  each adds its rows
import faults_of_chains  # noqa: F401
import faults_of_policy  # noqa: F401
import faults_of_places  # noqa: F401
import traps  # noqa: F401
import healthy  # noqa: F401
from fault import ALL, FAULTS

__all__ = ["ALL", "FAULTS"]
