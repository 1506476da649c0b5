"""Open quantum systems that reach equilibrium without detailed balance.

The flow is Hamiltonian → scattering S(E) → thermal flux F = ∫ e^{-βE} |S|² → rates → analysis.

>>> from detailedbalance import detailed_balance_ratio, figure_1
>>> ratio = detailed_balance_ratio(figure_1(), beta=2.0)
>>> round(float(ratio[1, 0]), 4)  # I(0, -): detailed balance would make it one
1.1465
"""

from .checks import ConvergenceError, DegenerateLevelsError, ReducibleChainError, SecularWarning
from .dots import ThreeDots, coupling_matrix, figure_1
from .lowdensity import (
    detailed_balance_ratio,
    gibbs_state,
    loop_current,
    thermal_flux,
    transition_rates,
)
from .markov import (
    entropy_production,
    evolve,
    generator,
    probability_currents,
    stationary_state,
)
from .resonances import Resonance, resonances
from .scattering import ContactScattering

__version__ = "0.1.0"

__all__ = [
    "ContactScattering",
    "ConvergenceError",
    "DegenerateLevelsError",
    "ReducibleChainError",
    "Resonance",
    "SecularWarning",
    "ThreeDots",
    "coupling_matrix",
    "detailed_balance_ratio",
    "entropy_production",
    "evolve",
    "figure_1",
    "generator",
    "gibbs_state",
    "loop_current",
    "probability_currents",
    "resonances",
    "stationary_state",
    "thermal_flux",
    "transition_rates",
]
