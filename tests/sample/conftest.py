"""One world for all tests of the area: the shipped one."""

import pytest

from deliverlab.sample.world import World, make_world


@pytest.fixture(scope="session")
def world() -> World:
    """The world with every default."""
    return make_world()


@pytest.fixture(scope="session")
def few() -> World:
    """The same with its first thirty accounts only."""
    return make_world(accounts=30)
