"""The largest feasible force, and the least change of a lever that makes one feasible."""
