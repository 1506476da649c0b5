"""Light and two-level systems: Einstein's rates, the chiral waveguide, open and closed."""

from .cavity import EmbeddedCavity
from .einstein import EinsteinRates
from .loop import ClosedLoop
from .rate_model import OUTSIDE, EquilibriumDefect, Process, RateModel, Run
from .thermal import (
    bose_occupation,
    excited_fraction,
    mode_entropy,
    mode_inverse_temperature,
    two_level_entropy,
    two_level_inverse_temperature,
)
from .waveguide import OpenWaveguide

__all__ = [
    "OUTSIDE",
    "ClosedLoop",
    "EinsteinRates",
    "EmbeddedCavity",
    "EquilibriumDefect",
    "OpenWaveguide",
    "Process",
    "RateModel",
    "Run",
    "bose_occupation",
    "excited_fraction",
    "mode_entropy",
    "mode_inverse_temperature",
    "two_level_entropy",
    "two_level_inverse_temperature",
]
