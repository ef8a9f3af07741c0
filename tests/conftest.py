"""What all tests share."""

import pytest
from hypothesis import settings

# The same examples in every run, so that a red test is red for everybody; slowness is no failure.
settings.register_profile("steady", deadline=None, derandomize=True, max_examples=100)
settings.load_profile("steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the figures that the shipped scenarios give now, and print what changed",
    )


@pytest.fixture
def update_golden(pytestconfig: pytest.Config) -> bool:
    return bool(pytestconfig.getoption("--update-golden"))
