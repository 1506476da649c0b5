"""Jump simulation of reaction networks, all trajectories in lock-step."""
