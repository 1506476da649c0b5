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

__all__ = [
    "NORMALIZATIONS",
    "SymmetryDefects",
    "detailed_balance_ratio",
    "gibbs_state",
    "loop_current",
    "symmetry_defects",
    "thermal_flux",
    "thermalization_defect",
    "transition_rates",
]
