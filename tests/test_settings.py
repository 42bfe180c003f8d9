"""Settings come from one file and the environment; what is wrong is refused with its cure."""

from ipaddress import IPv4Network
from pathlib import Path

import pytest

from appliance.errors import SettingsError
from appliance.settings import Settings, find_file, load
from script import settings_reference

CONFIG = Path(__file__).parent.parent / "config"


@pytest.fixture
def write(tmp_path):
    def write(text: str, *, name: str = "codara.toml", mode: int = 0o600) -> Path:
        file = tmp_path / name
        file.write_text(text, "utf-8")
        file.chmod(mode)
        return file

    return write


def refusal(file: Path | None = None, **environment: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(file=file, environment=environment)
    return str(caught.value)


def test_without_file_and_environment_everything_has_its_default():
    assert load(file=None, environment={"PATH": "/bin"}) == Settings()


def test_a_file_changes_what_it_names(write):
    file = write('[server]\nport = 9090\nmetrics_addresses = ["10.0.0.0/8"]\n')

    settings = load(file=file, environment={})

    assert settings.server.port == 9090
    assert settings.server.metrics_addresses == (IPv4Network("10.0.0.0/8"),)
    assert settings.limits == Settings().limits


def test_the_environment_wins_over_the_file(write):
    file = write("[server]\nport = 9090\n[ssh]\nembedded = true\n")

    settings = load(
        file=file,
        environment={
            "CODARA_SERVER__PORT": "7070",
            "CODARA_SSH__EMBEDDED": "false",
            "CODARA_IMPORTS__SCHEMES": "https, http",
            "CODARA_LIMITS__GIT_SECONDS": "2.5",
        },
    )

    assert settings.server.port == 7070
    assert settings.ssh.embedded is False
    assert settings.imports.schemes == ("https", "http")
    assert settings.limits.git_seconds == 2.5


def test_authorities_for_everything_stand_in_where_nothing_else_is_named(write):
    file = write('[outgoing]\nauthorities_file = "/a.pem"\n[mail]\nauthorities_file = "/m.pem"\n')

    settings = load(file=file, environment={})

    assert settings.mail.authorities_file == "/m.pem"
    assert settings.sign_in.provider_authorities_file == "/a.pem"
    others = settings.streams, settings.webhooks, settings.witnesses
    assert {each.authorities_file for each in others} == {"/a.pem"}


def test_what_the_commands_read_themselves_is_no_setting():
    environment = {"CODARA_HOME": "/srv", "CODARA_CONFIG": "x", "CODARA_ADMIN_PASSWORD": "y"}
    assert load(file=None, environment=environment) == Settings()


@pytest.mark.parametrize(
    ("text", "key", "cure"),
    [
        ("[server]\nprot = 1\n", "server.prot", "Did you mean server.port?"),
        ("[servr]\nport = 1\n", "servr", "Did you mean server?"),
        ('[server]\nport = "8080"\n', "server.port", "a valid integer"),
        ("[server]\nport = true\n", "server.port", "a valid integer"),
        ("[server]\nport = 70000\n", "server.port", "less than or equal to 65535"),
        ("[ssh]\nembedded = 1\n", "ssh.embedded", "a valid boolean"),
        ('[imports]\nschemes = "https"\n', "imports.schemes", "a valid"),
        ('[telemetry]\nlog_level = "loud"\n', "telemetry.log_level", "'debug', 'info'"),
        ("server = 3\n", "server", "a table"),
    ],
)
def test_a_wrong_key_or_value_in_the_file_is_refused(write, text, key, cure):
    file = write(text)

    said = refusal(file)

    assert said.startswith(f"{file}: {key} ")
    assert cure in said
    assert "config/README.md" in said


@pytest.mark.parametrize(
    ("variable", "value", "cure"),
    [
        ("CODARA_SERVER__PROT", "1", "Did you mean server.port?"),
        ("CODARA_SERVR__PORT", "1", "Did you mean server?"),
        ("CODARA_SERVER__PORT", "many", "a valid integer"),
        ("CODARA_SSH__EMBEDDED", "perhaps", "a valid boolean"),
        ("CODARA_PORT", "1", "CODARA_SECTION__KEY"),
        ("CODARA_IMPORTS__SCHEMES", "https,ssh", "'https' or 'http'"),
    ],
)
def test_a_wrong_variable_is_refused(variable, value, cure):
    said = refusal(None, **{variable: value})

    assert said.startswith(f"environment: {variable} ")
    assert cure in said


def test_every_problem_is_told_at_once(write):
    said = refusal(write("[server]\nport = 70000\nhots = 1\n"))

    assert "server.port" in said
    assert "server.hots" in said


def test_a_file_that_is_not_toml_names_the_line(write):
    assert "at line 2" in refusal(write("[server]\nport = = 1\n"))


def test_a_file_that_is_not_there_is_named(tmp_path):
    assert str(tmp_path / "none.toml") in refusal(tmp_path / "none.toml")


SECRET = "postgresql+psycopg://codara:unspoken@/codara"


def test_a_secret_comes_from_a_file_that_the_file_names(write):
    secret = write(SECRET + "\n", name="database-url")

    settings = load(file=write(f'[database]\nurl_file = "{secret}"\n'), environment={})

    assert settings.database.url.get_secret_value() == SECRET


def test_a_secret_comes_from_a_file_that_the_environment_names(write):
    secret = write(SECRET + "\n", name="database-url")

    settings = load(file=None, environment={"CODARA_DATABASE__URL_FILE": str(secret)})

    assert settings.database.url.get_secret_value() == SECRET


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o660])
def test_a_secret_file_open_to_others_is_refused(write, mode):
    secret = write(SECRET, name="database-url", mode=mode)

    from_file = refusal(write(f'[database]\nurl_file = "{secret}"\n'))
    from_environment = refusal(None, CODARA_DATABASE__URL_FILE=str(secret))

    assert "database.url_file" in from_file
    assert "CODARA_DATABASE__URL_FILE" in from_environment
    for said in (from_file, from_environment):
        assert said.endswith(f"Run: chmod 600 {secret}")


def test_a_configuration_file_with_a_secret_must_be_closed_to_others(write):
    text = f'[database]\nurl = "{SECRET}"\n'

    said = refusal(write(text, mode=0o644))

    assert "database.url is a secret" in said
    assert "chmod 600" in said
    assert load(file=write(text, mode=0o640), environment={}).database.url.get_secret_value()


def test_a_secret_file_that_is_not_there_is_named(tmp_path):
    missing = tmp_path / "none"

    assert str(missing) in refusal(None, CODARA_DATABASE__URL_FILE=str(missing))


def test_only_secrets_come_from_files(write):
    assert "server.name_file is no setting" in refusal(write('[server]\nname_file = "/x"\n'))


def test_a_secret_is_never_shown(write):
    settings = load(file=write(f'[database]\nurl = "{SECRET}"\n'), environment={})

    assert "unspoken" not in repr(settings)
    assert "unspoken" not in str(settings.model_dump())


def test_the_configuration_file_is_named_or_found(tmp_path):
    assert find_file({}, tmp_path) is None
    (tmp_path / "codara.toml").touch()
    assert find_file({}, tmp_path) == tmp_path / "codara.toml"
    assert find_file({"CODARA_CONFIG": "/etc/x.toml"}, tmp_path) == Path("/etc/x.toml")


def test_the_reference_is_what_would_be_written_now():
    advice = "run: .venv/bin/python -m script.settings_reference"
    assert (CONFIG / "README.md").read_text("utf-8") == settings_reference.readme(), advice
    assert (CONFIG / "codara.toml").read_text("utf-8") == settings_reference.toml(), advice


def test_the_documented_defaults_are_the_defaults():
    assert load(file=CONFIG / "codara.toml", environment={}) == Settings()


@pytest.mark.parametrize(("section", "owner"), list(settings_reference.sections()))
def test_every_setting_says_what_it_is_for(section, owner):
    for key, field in owner.model_fields.items():
        words = settings_reference.sentence(field)
        assert words.endswith((".", "?")), f"{section}.{key} needs a sentence under it"
