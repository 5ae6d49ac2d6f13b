from rayfence.render.envoy.bootstrap import bootstrap, envoy_argv
from tests.unit.render.envoy.example import SETTINGS, at


def test_the_admin_interface_is_a_private_socket() -> None:
    assert at(bootstrap(SETTINGS), "admin", "address") == {"pipe": {"path": "/r/envoy.sock", "mode": 0o600}}


def test_nothing_is_static_but_this() -> None:
    assert "static_resources" not in bootstrap(SETTINGS)


def test_the_command_line() -> None:
    argv = envoy_argv(SETTINGS, "/bin/envoy")
    assert argv[:3] == ("/bin/envoy", "--config-path", "/s/envoy/bootstrap.yaml")
    assert "--disable-hot-restart" in argv
    assert "--reject-unknown-dynamic-fields" in argv
    assert argv[argv.index("--file-flush-interval-msec") + 1] == "200"
    assert argv[argv.index("--concurrency") + 1] == "2"
