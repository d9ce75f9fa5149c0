"""YAML documents, read by the C parser where PyYAML was built with it: the same values, ten times as fast."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> Any:
    """The values of a YAML file. Raises OSError, and yaml.YAMLError where it is none."""
    return parse_yaml(path.read_bytes())


def parse_yaml(text: str | bytes) -> Any:
    """The values of a YAML text in UTF-8. Raises yaml.YAMLError where it is none."""
    return yaml.load(text, Loader=LOADER)
