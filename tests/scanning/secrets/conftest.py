import pytest

from appliance.scanning.secrets import rules
from appliance.scanning.secrets.deep import DeepScanner
from appliance.scanning.secrets.scanner import SecretScanner


@pytest.fixture(scope="session")
def scanner():
    """Looks with the rules that come with the appliance."""
    return SecretScanner(rules.shipped())


@pytest.fixture(scope="session")
def deep(scanner):
    """The same, in every spelling."""
    return DeepScanner(scanner)
