"""Light and two-level systems: Einstein's rates, the chiral waveguide, open and closed."""

from .cavity import EmbeddedCavity
from .einstein import EinsteinRates
from .jumps import PhotonTrajectories, sample_trajectories
from .loop import ClosedLoop
from .microscopic import (
    ConsistencyEntry,
    ConsistencyReport,
    MicroscopicCoupling,
    consistency_report,
    implied_couplings,
)
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
    "ConsistencyEntry",
    "ConsistencyReport",
    "EinsteinRates",
    "EmbeddedCavity",
    "EquilibriumDefect",
    "MicroscopicCoupling",
    "OpenWaveguide",
    "PhotonTrajectories",
    "Process",
    "RateModel",
    "Run",
    "bose_occupation",
    "consistency_report",
    "excited_fraction",
    "implied_couplings",
    "mode_entropy",
    "mode_inverse_temperature",
    "sample_trajectories",
    "two_level_entropy",
    "two_level_inverse_temperature",
]
