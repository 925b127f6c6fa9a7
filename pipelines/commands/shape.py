"""What a command is made of."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from rich.console import Console

Command = Callable[[argparse.Namespace, Console], int]
Add = Callable[[str, Command, str], argparse.ArgumentParser]
"""Makes a command from its name, function and help text, and returns its parser for the arguments."""
