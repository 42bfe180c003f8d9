import pytest

from tests.scanner import RunningScanner


@pytest.fixture(scope="session")
def scanner_home(tmp_path_factory):
    return tmp_path_factory.mktemp("scanner")


@pytest.fixture(scope="module")
def scanner(scanner_home):
    """The real process, which holds no more than it does in an appliance."""
    with RunningScanner(scanner_home) as running:
        yield running
