"""The role matrix."""

import pytest

from rayfence.catalog.roles import ROLE_ORDER, expand_role, load_matrix, parse_matrix
from rayfence.errors import CatalogError
from rayfence.model.routes import Right, Role


def test_roles_are_cumulative() -> None:
    assert expand_role(Role.VIEWER) == (Role.VIEWER,)
    assert expand_role(Role.ADMIN) == ROLE_ORDER == tuple(Role)
    assert set(expand_role(Role.SUBMITTER)) < set(expand_role(Role.OPERATOR))


@pytest.mark.parametrize(
    ("permission", "holder"),
    [
        ("jobs:read", Role.VIEWER),
        ("jobs:write", Role.SUBMITTER),
        ("logs:read", Role.SUBMITTER),
        ("packages:write", Role.SUBMITTER),
        ("serve:write", Role.OPERATOR),
        ("cluster:debug", Role.OPERATOR),
        ("trail:read", Role.OPERATOR),
        ("users:admin", Role.ADMIN),
        ("ray-client", Right.RAY_CLIENT),
        ("serve:call", Right.SERVE_CALL),
        ("nothing", None),
    ],
)
def test_holders(permission: str, holder: Role | Right | None) -> None:
    assert load_matrix().holder(permission) == holder


def test_others_see_id_status_and_times_of_a_job() -> None:
    assert load_matrix().fields("job") == ("type", "submission_id", "job_id", "status", "start_time", "end_time")
    assert load_matrix().fields("unknown view") == ()


SECRETIVE = (
    *("env_vars", "runtime_env", "runtime_env_info", "serialized_runtime_env", "entrypoint", "metadata", "message"),
    *("error_message", "exit_detail", "exitDetail", "death_cause", "cmdline", "profiling_data", "task_log_info"),
    *("call_site", "callSite", "customFields", "custom_fields", "args", "user_config", "deployed_app_config"),
    *("coreWorkersStats", "objectRefs", "driver_info", "repr_name", "reprName", "log_file_path"),
)


def test_no_view_shows_a_field_that_can_hold_a_secret() -> None:
    for view, names in load_matrix().visible_fields:
        for name in names:
            if view == "node" and name in {"actors", "workers"}:
                continue  # rows of their own views
            assert name.split(".")[-1] not in SECRETIVE, (view, name)
            assert name.split(".")[-1] != "*", (view, name)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("permissions: {}", "missing"),
        ("permissions: {}\nvisible_fields: {}\nextra: 1", "unknown"),
        ("permissions: {a: {role: king}}\nvisible_fields: {}", "king"),
        ("permissions: {a: {right: all}}\nvisible_fields: {}", "all"),
        ("permissions: {a: {role: viewer, right: ray-client}}\nvisible_fields: {}", "exactly one"),
        ("permissions: {a: {}}\nvisible_fields: {}", "exactly one"),
        ("permissions: {a: viewer}\nvisible_fields: {}", "mapping"),
        ("permissions: {}\nvisible_fields: {job: [a, a]}", "twice"),
        ("permissions: {}\nvisible_fields: {job: [1]}", "string"),
    ],
)
def test_refuses(text: str, said: str) -> None:
    with pytest.raises(CatalogError, match=said):
        parse_matrix(text, "roles.yaml")
