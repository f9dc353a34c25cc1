"""The examples are programs of their own that find each other in their folder, as a person runs them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples"))
