from dataclasses import replace

from rayfence.model.cloud import CloudDesired, CloudResource
from rayfence.model.gke import NetworkKind
from rayfence.model.gke_settings import GkeSettings
from rayfence.model.orgpolicy import FirewallRule, OrgFacts
from rayfence.model.proofs import FlowReport, FlowState
from rayfence.policy.proofs.flows import flows
from tests.unit.policy.proofs.made import GKE, IAP, INTERNAL, NETWORK, POOL, resolution


def own(name: str, egress: bool, ranges: list[str], ports: list[str], priority: int = 1000) -> CloudResource:
    match: dict[str, object] = {"IPProtocol": "tcp", "ports": ports} if ports else {"IPProtocol": "all"}
    deny = priority == 65534
    body: dict[str, object] = {
        "name": name,
        "direction": "EGRESS" if egress else "INGRESS",
        "priority": priority,
        "denied" if deny else "allowed": [match],
        "destinationRanges" if egress else "sourceRanges": ranges,
    }
    return CloudResource("compute.googleapis.com/Firewall", name, "google_compute_firewall", name, "network", body, {})


CLOUD = CloudDesired(
    (
        own("in-probers", False, ["35.191.0.0/16", "130.211.0.0/22"], ["8443"]),
        own("in-webhooks", False, ["10.10.0.0/24"], ["8443", "9443"]),
        own("out-control-plane", True, ["10.10.0.0/24"], ["443", "8132"]),
        own("out-apis", True, ["199.36.153.8/30"], ["443"]),
        own("out-mesh", True, ["10.10.0.0/24", "10.16.0.0/14", "10.20.0.0/20"], []),
        own("out-deny", True, ["0.0.0.0/0"], [], 65534),
    )
)


def inherited(action: str, ranges: tuple[str, ...], ports: tuple[str, ...], *, egress: bool = True) -> FirewallRule:
    return FirewallRule((0, 0, 100, 0), egress, action, ranges, ports, (), "firewall.json: policy corp, priority 100")


def state(report: FlowReport, name: str) -> FlowState:
    return next(result.state for result in report.flows if result.flow.id == name)


def prove(*rules: FirewallRule, gke: GkeSettings = GKE, cloud: CloudDesired = CLOUD) -> FlowReport:
    return flows(resolution(gke), OrgFacts(firewall=rules), cloud)


def test_our_rules_open_every_needed_flow() -> None:
    report = prove(gke=replace(GKE, internal=INTERNAL, iap=IAP))
    assert report.conflicts == () and report.warnings == ()
    assert {result.state for result in report.flows} == {FlowState.OPEN, FlowState.UNFILTERED}
    assert all(result.reason for result in report.flows)


def test_an_inherited_deny_is_a_conflict_that_names_the_rule() -> None:
    report = prove(inherited("deny", ("0.0.0.0/0",), ("tcp:443",)))
    assert {flow.flow.id for flow in report.flows if flow.state is FlowState.CLOSED} == {
        "control-plane",
        "google-apis",
        "mesh-out",
    }
    conflict = next(item for item in report.conflicts if "google-apis" in item.problem)
    assert conflict.rules == ("firewall.json: policy corp, priority 100",)
    assert "199.36.153.8/30" in conflict.remedies[0] and "tcp:443" in conflict.remedies[0]
    assert conflict.request.startswith("To the organisation policy administrators: project acme-ml")


def test_closing_ssh_between_nodes_is_no_conflict() -> None:
    ssh = inherited("deny", ("0.0.0.0/0",), ("tcp:22", "tcp:3389"), egress=False)
    assert prove(ssh, inherited("deny", ("0.0.0.0/0",), ("tcp:22",))).conflicts == ()


def test_goto_next_leaves_the_choice_to_our_rules() -> None:
    rules = (
        replace(inherited("goto_next", ("199.36.153.8/30", "10.0.0.0/8"), ()), order=(0, 0, 50, 0)),
        inherited("deny", ("0.0.0.0/0",), ()),
    )
    assert prove(*rules).conflicts == ()


def test_secure_tags_are_unknown_never_open() -> None:
    tagged = replace(inherited("deny", ("0.0.0.0/0",), ()), targets=("tagValues/7",))
    report = prove(tagged)
    assert state(report, "google-apis") is FlowState.UNKNOWN and report.conflicts == ()
    assert any("flow google-apis: unknown" in warning for warning in report.warnings)


def test_one_accounts_nodes_are_enough() -> None:
    gke = replace(GKE, pools=(POOL, replace(POOL, name="b", account="b@acme-ml.iam.gserviceaccount.com")))
    aimed = replace(inherited("deny", ("0.0.0.0/0",), ()), targets=("b@acme-ml.iam.gserviceaccount.com",))
    result = next(item for item in prove(aimed, gke=gke).flows if item.flow.id == "google-apis")
    assert result.state is FlowState.CLOSED and "b@acme-ml" in result.reason


def test_without_our_rules_what_comes_in_is_closed_by_the_implied_rule() -> None:
    report = prove(gke=replace(GKE, iap=IAP), cloud=CloudDesired(()))
    conflict = next(item for item in report.conflicts if "probers" in item.problem)
    assert conflict.rules[0].startswith("the implied rule") and conflict.request == ""


def test_where_others_write_the_rules_they_are_told_which() -> None:
    hosted = replace(NETWORK, kind=NetworkKind.SHARED_VPC, made=False, manage_firewall=False)
    report = prove(gke=replace(GKE, iap=IAP, network=hosted), cloud=CloudDesired(()))
    assert report.conflicts == ()
    assert any("written by others" in text and "35.191.0.0/16" in text for text in report.warnings)


def test_our_own_mistake_is_told_apart() -> None:
    broken = CloudDesired(tuple(item for item in CLOUD.resources if item.name != "out-apis"))
    conflict = next(item for item in prove(cloud=broken).conflicts if "google-apis" in item.problem)
    assert conflict.remedies[0] == "correct own rule out-deny" and conflict.request == ""


def test_unknown_ranges_are_unknown() -> None:
    hosted = replace(NETWORK, pods_cidr=None, made=False)
    report = prove(gke=replace(GKE, network=hosted))
    assert state(report, "mesh-in") is FlowState.UNKNOWN
    assert any("addresses of nodes and pods are not known" in text for text in report.warnings)


def test_policies_that_were_not_read_are_said() -> None:
    made = resolution()
    platform = replace(made.platform, organization=replace(made.platform.organization, policies="./p"))
    report = flows(replace(made, platform=platform), OrgFacts(), CLOUD)
    assert any("get-effective-firewalls ml --project=acme-ml" in text for text in report.warnings)


def test_an_existing_cluster_has_no_network_of_ours() -> None:
    report = flows(resolution(None), OrgFacts(), CloudDesired(()))
    assert report.flows == () and len(report.warnings) == 1


def test_behind_a_shared_vpc_the_services_port_has_to_be_open_not_the_pods() -> None:
    hosted = replace(NETWORK, kind=NetworkKind.SHARED_VPC, made=False)
    rules = (*CLOUD.resources, own("in-clients", False, ["10.50.0.0/16"], ["8443", "8449"]))
    report = prove(gke=replace(GKE, internal=INTERNAL, network=hosted), cloud=CloudDesired(rules))
    assert "10.50.0.0 tcp:443" in next(item for item in report.conflicts if "flow clients" in item.problem).problem
