"""The bench measures every row, in a fraction of a second each; what the figures are is not tested."""

import json
import os
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from harness import keepers_of
from test_package import ROOT  # noqa: F401
