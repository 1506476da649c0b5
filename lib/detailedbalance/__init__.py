"""Open quantum systems that reach equilibrium without detailed balance.

The flow is Hamiltonian → scattering S(E) → thermal flux F = ∫ e^{-βE} |S|² → rates → analysis.

>>> from detailedbalance import detailed_balance_ratio, figure_1
>>> ratio = detailed_balance_ratio(figure_1(), beta=2.0)
>>> round(float(ratio[1, 0]), 4)  # I(0, -): detailed balance would make it one
1.1465
"""

from . import light
from .checks import ConvergenceError, DegenerateLevelsError, ReducibleChainError, SecularWarning
from .counting import CountedRates, count_edge
from .cycles import cycle_affinities, cycle_basis, cycle_currents, satisfies_kolmogorov
from .dots import ThreeDots, coupling_matrix, figure_1
from .lindblad import (
    BohrGroup,
    SecularGenerator,
    bohr_groups,
    choi_matrix,
    commutant_dimension,
    commutation_defect,
    davies_generator,
    detailed_balance_defect,
    lindbladian,
    quantum_relative_entropy,
    quantum_spohn_production,
    stationary_states,
    von_neumann_entropy,
)
from .lowdensity import (
    LowDensityGenerator,
    SymmetryDefects,
    averaged_generator,
    born_spectral_function,
    consistent_load,
    detailed_balance_ratio,
    equilibrium_currents,
    gibbs_state,
    heat_currents,
    load_defect,
    loop_current,
    naive_load,
    symmetry_defects,
    thermal_flux,
    thermalization_defect,
    transition_rates,
)
from .markov import (
    balance_ratio,
    balance_violation,
    entropy_production,
    evolve,
    generator,
    probability_currents,
    relative_entropy,
    relaxation_modes,
    reversed_rates,
    reversibilization,
    spectral_gap,
    spohn_production,
    stationary_state,
)
from .reactions import ReactionPaths, simulate_reactions
from .resonances import Resonance, resonances
from .scattering import ContactScattering
from .trajectories import (
    JumpCounts,
    Paths,
    count_cycles,
    count_jumps,
    log_path_ratio,
    sample_paths,
)
from .unistochastic import is_doubly_stochastic, is_unistochastic, unitary_from_probabilities
from .unravelling import QuantumTrajectories, unravel
from .wave_packets import PacketResult, scatter_packet

__version__ = "0.1.0"

__all__ = [
    "BohrGroup",
    "ContactScattering",
    "ConvergenceError",
    "CountedRates",
    "DegenerateLevelsError",
    "JumpCounts",
    "LowDensityGenerator",
    "PacketResult",
    "Paths",
    "QuantumTrajectories",
    "ReactionPaths",
    "ReducibleChainError",
    "Resonance",
    "SecularGenerator",
    "SecularWarning",
    "SymmetryDefects",
    "ThreeDots",
    "averaged_generator",
    "balance_ratio",
    "balance_violation",
    "bohr_groups",
    "born_spectral_function",
    "choi_matrix",
    "commutant_dimension",
    "commutation_defect",
    "consistent_load",
    "count_cycles",
    "count_edge",
    "count_jumps",
    "coupling_matrix",
    "cycle_affinities",
    "cycle_basis",
    "cycle_currents",
    "davies_generator",
    "detailed_balance_defect",
    "detailed_balance_ratio",
    "entropy_production",
    "equilibrium_currents",
    "evolve",
    "figure_1",
    "generator",
    "gibbs_state",
    "heat_currents",
    "is_doubly_stochastic",
    "is_unistochastic",
    "light",
    "lindbladian",
    "load_defect",
    "log_path_ratio",
    "loop_current",
    "naive_load",
    "probability_currents",
    "quantum_relative_entropy",
    "quantum_spohn_production",
    "relative_entropy",
    "relaxation_modes",
    "resonances",
    "reversed_rates",
    "reversibilization",
    "sample_paths",
    "satisfies_kolmogorov",
    "scatter_packet",
    "simulate_reactions",
    "spectral_gap",
    "spohn_production",
    "stationary_state",
    "stationary_states",
    "symmetry_defects",
    "thermal_flux",
    "thermalization_defect",
    "transition_rates",
    "unitary_from_probabilities",
    "unravel",
    "von_neumann_entropy",
]
