import sys; sys.path.insert(0,'/work/main/tests')
from attacks.conftest import *
from attacks.test_more import *
import pytest
@pytest.mark.parametrize("n", range(30))
def test_x(loaded,n):
    b=loaded["compat"]; b.begin()
    try: assert known_by_xor(b)==b.value
    finally: b.end()
