import re

from rayfence.access import MESSAGES
from rayfence.render.envoy.replies import local_replies, login_address, refusal_body, upstream_errors
from tests.unit.render.envoy.example import SETTINGS, at, objects
from tests.unit.render.envoy.pods import ANSWERS, TRAIN


def test_every_refusal_has_the_four_keys() -> None:
    body = at(refusal_body("x", "y"), "json_format")
    assert isinstance(body, dict)
    assert set(body) == {"error", "message", "required", "request_id"}


def test_the_last_mapper_takes_whatever_is_left() -> None:
    last = objects(local_replies(SETTINGS), "mappers")[-1]
    assert at(last, "filter", "extension_filter", "typed_config", "expression") == "response.code >= 400"


def test_the_words_are_the_references() -> None:
    found = [at(one, "body_format_override", "json_format", "error")
             for one in objects(local_replies(SETTINGS), "mappers") if "json_format" in str(one)]  # fmt: skip
    for word in ("wrong_audience", "unauthenticated", "foreign_origin", "forbidden", "upgrade_refused", "malformed"):
        assert word in found
        assert word in MESSAGES


def test_envoys_own_texts_are_passed_on_for_tokens_only() -> None:
    mappers = objects(local_replies(SETTINGS), "mappers")
    quoted = [one for one in mappers if "LOCAL_REPLY_BODY" in str(one)]
    expressions = " ".join(str(at(one, "filter")) for one in quoted)
    assert len(quoted) == 2
    assert "jwt_authn" in expressions and "ext_authz_denied" in expressions


def test_browsers_are_sent_to_log_in() -> None:
    first = objects(local_replies(SETTINGS), "mappers")[0]
    assert first["status_code"] == 302
    assert login_address(SETTINGS) == "https://login.demo.localhost:8443/login"
    assert login_address(SETTINGS) in str(first["headers_to_add"])


def test_errors_of_ray_are_replaced_and_our_own_are_not() -> None:
    predicate = at(upstream_errors(), "custom_response_matcher", "matcher_list", "matchers", 0, "predicate")
    both = objects(predicate, "and_matcher", "predicate")
    assert at(both[0], "single_predicate", "value_match", "exact") == "5xx"
    assert (
        at(both[1], "not_matcher", "single_predicate", "input", "typed_config", "header_name") == "x-rayfence-refusal"
    )


def test_every_dashboard_of_a_tenant_leads_to_its_log_in() -> None:
    first = objects(local_replies(TRAIN, ANSWERS), "mappers")[0]
    found = re.search(r"\(\?i\)\([^']*", str(first["filter"]))
    assert found is not None
    expression = found.group().replace("\\\\", "\\")
    for host in ("d-train.gw.svc", "d-answers.gw.svc:443", "gateway.gw.svc"):
        assert re.fullmatch(expression, host)
    for host in ("train.gw.svc", "d-train.gw.svc.evil.com", "d-x.y.gw.svc"):
        assert not re.fullmatch(expression, host)
    assert login_address(TRAIN) == "https://gateway.gw.svc/login"
