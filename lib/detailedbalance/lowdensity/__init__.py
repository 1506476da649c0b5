"""A quantum system in a dilute thermal gas (the low-density limit)."""

from .currents import equilibrium_currents, heat_currents
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
from .generator import LowDensityGenerator, born_spectral_function
from .load import consistent_load, load_defect, naive_load
from .wave_operator import averaged_generator

__all__ = [
    "NORMALIZATIONS",
    "LowDensityGenerator",
    "SymmetryDefects",
    "averaged_generator",
    "born_spectral_function",
    "consistent_load",
    "detailed_balance_ratio",
    "equilibrium_currents",
    "gibbs_state",
    "heat_currents",
    "load_defect",
    "loop_current",
    "naive_load",
    "symmetry_defects",
    "thermal_flux",
    "thermalization_defect",
    "transition_rates",
]
