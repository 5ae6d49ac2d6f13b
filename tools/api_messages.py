"""Write `catalog/data/api_messages.json`: fields and types of the Google Cloud objects a platform consists of.

    python -m tools.api_messages                    install the packages below into a temporary folder and read them
    python -m tools.api_messages --packages FOLDER  read an installation made before (`pip install --target FOLDER …`)

1. Install Google's client packages (Apache-2.0) at the versions pinned here, apart from the project's environment.
2. In a second interpreter that sees them, walk the message types from each kind and write each field down once.
3. Write one message per line, sorted: the same packages give the same bytes.

Field codes are explained in `rayfence.catalog.api_messages`. Kinds without a package (Cloud DNS, Cloud Storage's JSON
API, allow policies) stand in `catalog/data/api_messages_by_hand.yaml`.
"""

import argparse
import importlib
import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
TARGET: Final = ROOT / "src/rayfence/catalog/data/api_messages.json"

PACKAGES: Final[Mapping[str, str]] = {
    "google-cloud-artifact-registry": "1.23.0",
    "google-cloud-binary-authorization": "1.20.0",
    "google-cloud-certificate-manager": "1.16.0",
    "google-cloud-compute": "1.57.0",
    "google-cloud-container": "2.67.0",
    "google-cloud-iam": "2.27.0",
    "google-cloud-kms": "3.18.0",
    "google-cloud-logging": "3.17.0",
    "google-cloud-monitoring": "2.32.0",
    "google-cloud-network-connectivity": "2.18.0",
    "google-cloud-notebooks": "1.18.0",
    "google-cloud-pubsub": "2.44.0",
    "google-cloud-secret-manager": "2.32.0",
}

#: Module of the types, service, and the kinds read from it.
KINDS: Final[tuple[tuple[str, str, str], ...]] = (
    ("google.cloud.artifactregistry_v1.types", "artifactregistry", "Repository"),
    ("google.cloud.binaryauthorization_v1.types", "binaryauthorization", "Attestor Policy"),
    (
        "google.cloud.certificate_manager_v1.types",
        "certificatemanager",
        "Certificate CertificateMap CertificateMapEntry DnsAuthorization",
    ),
    (
        "google.cloud.compute_v1.types",
        "compute",
        (
            "Address BackendService Disk Firewall FirewallPolicy ForwardingRule HealthCheck Instance"
            " InstanceGroupManager InstanceTemplate Network NetworkEndpointGroup Route Router SecurityPolicy"
            " SslCertificate SslPolicy Subnetwork TargetHttpProxy TargetHttpsProxy UrlMap"
        ),
    ),
    ("google.cloud.container_v1.types", "container", "Cluster NodePool"),
    ("google.cloud.iam_admin_v1.types", "iam", "Role ServiceAccount ServiceAccountKey"),
    ("google.cloud.kms_v1.types", "cloudkms", "CryptoKey CryptoKeyVersion EkmConnection ImportJob KeyRing"),
    ("google.cloud.logging_v2.types", "logging", "LogBucket LogExclusion LogMetric LogSink LogView"),
    ("google.cloud.monitoring_v3.types", "monitoring", "AlertPolicy NotificationChannel"),
    ("google.cloud.networkconnectivity_v1.types", "networkconnectivity", "Hub Spoke"),
    ("google.cloud.notebooks_v2.types", "notebooks", "Instance"),
    ("google.pubsub_v1.types", "pubsub", "Subscription Topic"),
    ("google.cloud.secretmanager_v1.types", "secretmanager", "Secret SecretVersion"),
)

#: Types of `google.protobuf` that JSON and CEL treat as values of their own.
WELL_KNOWN: Final[Mapping[str, str]] = {
    "google.protobuf.Duration": "duration",
    "google.protobuf.Timestamp": "timestamp",
    "google.protobuf.FieldMask": "string",
    "google.protobuf.Any": "any",
    "google.protobuf.Struct": "any",
    "google.protobuf.Value": "any",
    "google.protobuf.ListValue": "any",
    "google.protobuf.Empty": "any",
    "google.protobuf.BoolValue": "null|bool",
    "google.protobuf.StringValue": "null|string",
    "google.protobuf.BytesValue": "null|bytes",
    "google.protobuf.Int32Value": "null|int",
    "google.protobuf.Int64Value": "null|int",
    "google.protobuf.UInt32Value": "null|uint",
    "google.protobuf.UInt64Value": "null|uint",
    "google.protobuf.FloatValue": "null|double",
    "google.protobuf.DoubleValue": "null|double",
}
#: Descriptor's C++ type numbers to CEL types; 8 is an enum, 10 a message, 9 a string or bytes.
SCALARS: Final[Mapping[int, str]] = {1: "int", 2: "int", 3: "uint", 4: "uint", 5: "double", 6: "double", 7: "bool"}
BYTES: Final = 12


def short(descriptor: Any) -> str:
    """A message's name without the part that all share."""
    return str(descriptor.full_name).removeprefix("google.").removeprefix("cloud.")


def code(field: Any, todo: dict[str, Any]) -> str:
    """One field's type in our notation; message types met on the way go into `todo`."""
    message = field.message_type
    if message is not None and message.GetOptions().map_entry:
        return "{}" + code(message.fields_by_name["value"], todo)
    if message is not None:
        base = WELL_KNOWN.get(message.full_name, "")
        if not base:
            base = short(message)
            todo[base] = message
    elif field.enum_type is not None:
        base = f"enum={field.enum_type.values_by_number[0].name}"
    elif field.type == BYTES:
        base = "bytes"
    else:
        base = SCALARS.get(field.cpp_type, "string")
    if field.is_repeated:
        return "[]" + base
    return base + ("?" if message is None and field.has_presence else "")


def extract() -> dict[str, object]:
    """Everything the file holds, from the packages this interpreter sees."""
    kinds: dict[str, str] = {}
    todo: dict[str, Any] = {}
    for module_name, service, names in KINDS:
        module = importlib.import_module(module_name)
        for name in names.split():
            descriptor = getattr(module, name).pb().DESCRIPTOR
            kinds[f"{service}.googleapis.com/{name}"] = short(descriptor)
            todo[short(descriptor)] = descriptor
    messages: dict[str, dict[str, str]] = {}
    while todo:
        name, descriptor = todo.popitem()
        if name not in messages:
            messages[name] = {field.json_name: code(field, todo) for field in descriptor.fields}
    return {
        "origin": [
            f"PyPI {name} {importlib.metadata.version(name)}, Apache-2.0, (c) Google LLC: names and types of fields"
            for name in sorted(PACKAGES)
        ],
        "kinds": kinds,
        "messages": messages,
    }


def text_of(content: Mapping[str, object]) -> str:
    """The file's text: one kind or message per line."""
    parts = []
    for key, value in content.items():
        if isinstance(value, dict):
            rows = [f"{json.dumps(name)}:{json.dumps(value[name], separators=(',', ':'))}" for name in sorted(value)]
            parts.append(f'"{key}":{{\n' + ",\n".join(rows) + "\n}")
        else:
            rows = [json.dumps(row) for row in value] if isinstance(value, list) else []
            parts.append(f'"{key}":[\n' + ",\n".join(rows) + "\n]")
    return "{" + ",\n".join(parts) + "}\n"


def run_inside(folder: Path) -> str:
    """What `extract` writes in an interpreter that sees the packages in `folder`."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.api_messages", "--inside"],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"},
    )
    return done.stdout


def main() -> int:
    """Command line; see the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", type=Path, help="a folder with the packages, instead of installing them")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        sys.stdout.write(text_of(extract()))
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.packages or Path(temporary)
        if options.packages is None:
            wanted = [f"{name}=={version}" for name, version in PACKAGES.items()]
            subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--target", folder, *wanted], check=True)
        text = run_inside(folder.resolve())
    TARGET.write_text(text, encoding="utf-8")
    content = json.loads(text)
    print(f"{TARGET.name}: {len(content['kinds'])} kinds, {len(content['messages'])} messages, {len(text)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
