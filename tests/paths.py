"""Where what tests and benchmarks read stands."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "samples"
CLIPS = ROOT.parent / "shared" / "clips"
"""Human recordings, which are not part of the project."""
