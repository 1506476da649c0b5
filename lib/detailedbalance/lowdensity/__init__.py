"""A quantum system in a dilute thermal gas (the low-density limit)."""

from .flux import (
    NORMALIZATIONS,
    SymmetryDefects,
    detailed_balance_ratio,
    gibbs_state,
    loop_current,
    symmetry_defects,
    thermal_flux,
    thermalization_defect,
    transition_rates,
)
from .load import consistent_load, load_defect, naive_load

__all__ = [
    "NORMALIZATIONS",
    "SymmetryDefects",
    "consistent_load",
    "detailed_balance_ratio",
    "gibbs_state",
    "load_defect",
    "loop_current",
    "naive_load",
    "symmetry_defects",
    "thermal_flux",
    "thermalization_defect",
    "transition_rates",
]
