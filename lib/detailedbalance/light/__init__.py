"""Light and two-level systems: Einstein's rates, the chiral waveguide, open and closed."""

from .cascade import SLH, CascadeElement, ThermalNetwork, cascade_network
from .cavity import EmbeddedCavity
from .einstein import EinsteinRates
from .few_excitations import (
    DiagonalChannel,
    ExcitationRun,
    FewExcitations,
    KrausChannel,
    chiral_loop,
    collapse,
    dephasing,
    elastic_scattering,
    reset,
    transverse_measurement,
)
from .jumps import PhotonTrajectories, sample_trajectories
from .linear_bosons import LinearBosons, LinearElement, LinearRun, closed_ring, open_chain
from .loop import ClosedLoop
from .microscopic import (
    ConsistencyEntry,
    ConsistencyReport,
    MicroscopicCoupling,
    consistency_report,
    implied_couplings,
)
from .rate_model import OUTSIDE, EquilibriumDefect, Process, RateModel, Run
from .theorems import (
    Hypothesis,
    HypothesisError,
    TheoremCheck,
    cascade_stationarity,
    entropy_growth,
    gibbs_stationarity,
    maximal_entropy,
    open_entropy_growth,
    thermal_state,
)
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
    "SLH",
    "CascadeElement",
    "ClosedLoop",
    "ConsistencyEntry",
    "ConsistencyReport",
    "DiagonalChannel",
    "EinsteinRates",
    "EmbeddedCavity",
    "EquilibriumDefect",
    "ExcitationRun",
    "FewExcitations",
    "Hypothesis",
    "HypothesisError",
    "KrausChannel",
    "LinearBosons",
    "LinearElement",
    "LinearRun",
    "MicroscopicCoupling",
    "OpenWaveguide",
    "PhotonTrajectories",
    "Process",
    "RateModel",
    "Run",
    "TheoremCheck",
    "ThermalNetwork",
    "bose_occupation",
    "cascade_network",
    "cascade_stationarity",
    "chiral_loop",
    "closed_ring",
    "collapse",
    "consistency_report",
    "dephasing",
    "elastic_scattering",
    "entropy_growth",
    "excited_fraction",
    "gibbs_stationarity",
    "implied_couplings",
    "maximal_entropy",
    "mode_entropy",
    "mode_inverse_temperature",
    "open_chain",
    "open_entropy_growth",
    "reset",
    "sample_trajectories",
    "thermal_state",
    "transverse_measurement",
    "two_level_entropy",
    "two_level_inverse_temperature",
]
