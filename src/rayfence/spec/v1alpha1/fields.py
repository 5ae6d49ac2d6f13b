"""The text fields' types: each a pattern with words for people.

Every value that later becomes part of HCL, YAML, CEL, a shell line or a URL has a closed alphabet here: no quote, no
`$`, no backslash, no blank, no control character, ASCII only. The patterns are the JSON Schema's too, so they use what
ECMA 262 and Python share. Sources: the naming rules of Google Cloud's and Kubernetes' API references.
"""

from typing import Annotated, Final

from rayfence.spec.v1alpha1.shape import Shape

_PROJECT: Final = r"[a-z][a-z0-9-]{4,28}[a-z0-9]"
_LABEL: Final = r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?"
_REGION: Final = r"[a-z]{2,20}-[a-z]{2,20}[0-9]{1,2}"
_ZONE: Final = _REGION + r"-([a-z]|ai[0-9]{1,2}[a-z])"
_DOMAIN: Final = r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?"
_EMAIL: Final = r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,63}@" + _DOMAIN
_REGISTRY_HOST: Final = r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[0-9]{1,5})?"
_IMAGE_PATH: Final = r"(/[a-z0-9]+([._-]+[a-z0-9]+)*)"
_KEY: Final = (
    rf"projects/{_PROJECT}/locations/[a-z0-9-]{{2,40}}/keyRings/[A-Za-z0-9_-]{{1,63}}/cryptoKeys/[A-Za-z0-9_-]{{1,63}}"
)

Name = Annotated[
    str, Shape(r"^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$", "a name of 1 to 32 lower-case letters, digits and dashes", 32)
]
ClusterName = Annotated[
    str, Shape(r"^[a-z]([a-z0-9-]{0,51}[a-z0-9])?$", "a name of 1 to 53 lower-case letters, digits and dashes", 53)
]
JobName = Annotated[
    str, Shape(r"^[a-z]([a-z0-9-]{0,45}[a-z0-9])?$", "a name of 1 to 47 lower-case letters, digits and dashes", 47)
]
PoolName = Annotated[
    str, Shape(r"^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$", "a name of 1 to 40 lower-case letters, digits and dashes", 40)
]
ResourceName = Annotated[
    str, Shape(f"^{_LABEL}$", "a resource name: 1 to 63 lower-case letters, digits and dashes", 63)
]
ProjectId = Annotated[
    str, Shape(f"^{_PROJECT}$", "a project id: 6 to 30 lower-case letters, digits and dashes, as in `acme-ml`", 30)
]
Location = Annotated[
    str, Shape(rf"^{_REGION}(-([a-z]|ai[0-9]{{1,2}}[a-z]))?$", "a region or zone, as in `us-central1`", 63)
]
Zone = Annotated[str, Shape(f"^{_ZONE}$", "a zone, as in `us-central1-c`", 63)]
Parent = Annotated[
    str, Shape(r"^(folders|organizations)/[0-9]{1,20}$", "a folder or organisation, as in `folders/123`")
]
BillingAccount = Annotated[
    str,
    Shape(r"^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", "a billing account, as in `0X0X0X-0X0X0X-0X0X0X` (hexadecimal)"),
]
MachineType = Annotated[
    str, Shape(r"^[a-z][a-z0-9]{1,9}(-[a-z0-9]{1,20}){1,5}$", "a machine type, as in `n2d-standard-8`", 63)
]
GpuKind = Annotated[
    str, Shape(r"^[a-z][a-z0-9]{1,19}(-[a-z0-9]{1,20}){1,5}$", "an accelerator type, as in `nvidia-l4`", 63)
]
Email = Annotated[str, Shape(f"^{_EMAIL}$", "an e-mail address")]
ServiceAccount = Annotated[
    str,
    Shape(
        rf"^[a-z][a-z0-9-]{{4,28}}[a-z0-9]@{_PROJECT}\.iam\.gserviceaccount\.com$",
        "a service account of your own, as in `ray-nodes@acme-ml.iam.gserviceaccount.com` (never a default one)",
    ),
]
SecurityGroup = Annotated[
    str, Shape(rf"^gke-security-groups@{_DOMAIN}$", "the group that GKE asks for by name: `gke-security-groups@DOMAIN`")
]
#: Who may hold a role: people by group only, so that joiners and leavers are handled where groups are. Programs by
#: Google's account, or by the cluster's: `serviceAccount:NAMESPACE/NAME`.
Member = Annotated[
    str,
    Shape(
        rf"^((group|serviceAccount):{_EMAIL}|serviceAccount:{_LABEL}/[a-z0-9]([a-z0-9.-]{{0,251}}[a-z0-9])?)$",
        "`group:…` or `serviceAccount:…` (people are admitted by group)",
        324,
    ),
]
#: Whom IAP may let in; anything but a group needs a waiver. Never allUsers or allAuthenticatedUsers.
IapMember = Annotated[
    str,
    Shape(
        rf"^((group|user|serviceAccount):{_EMAIL}|domain:{_DOMAIN})$",
        "`group:…` (with a waiver also `user:…`, `serviceAccount:…`, `domain:…`)",
        320,
    ),
]
HostName = Annotated[str, Shape(f"^{_DOMAIN}$", "a host name: lower case, with a domain, no port, no wildcard")]
ApiHost = Annotated[
    str, Shape(r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$", "a host name (lower case, no port, no wildcard)")
]
HostPort = Annotated[
    str, Shape(r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?:[0-9]{1,5}$", "`host:port`, as in `redis.example.com:6379`", 259)
]
KeyName = Annotated[str, Shape(f"^{_KEY}$", "a key: projects/P/locations/L/keyRings/R/cryptoKeys/K", 253)]
Hub = Annotated[
    str,
    Shape(
        rf"^projects/{_PROJECT}/(locations/global/hubs|global/networks)/{_LABEL}$",
        "projects/P/locations/global/hubs/H (a hub) or projects/P/global/networks/N (a network to peer with)",
    ),
]
Registry = Annotated[
    str,
    Shape(
        rf"^{_REGISTRY_HOST}{_IMAGE_PATH}{{0,8}}/?$",
        "a registry with its path, as in `us-docker.pkg.dev/acme-ml/ray/`",
    ),
]
Image = Annotated[
    str,
    Shape(
        rf"^{_REGISTRY_HOST}{_IMAGE_PATH}{{1,9}}(:[A-Za-z0-9_][A-Za-z0-9._-]{{0,127}})?@sha256:[0-9a-f]{{64}}$",
        "an image by digest: HOST/PATH@sha256:<64 hexadecimal digits> (a tag alone can be moved to another image)",
        512,
    ),
]
HttpsUrl = Annotated[
    str, Shape(rf"^https://{_DOMAIN}(:[0-9]{{1,5}})?(/[A-Za-z0-9._~-]+)*/?$", "an https:// address without query", 512)
]
Version = Annotated[
    str, Shape(r"^[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}$", "a release, as in `2.60.0` (quote it if it has two parts)", 14)
]
Gate = Annotated[str, Shape(r"^[A-Z][A-Za-z0-9]{2,62}$", "a feature gate's name, as in `RayClusterMTLS`", 63)]
Attestor = Annotated[
    str, Shape(rf"^projects/{_PROJECT}/attestors/[A-Za-z0-9_-]{{1,63}}$", "an attestor: projects/P/attestors/A")
]
AttestorKey = Annotated[
    str,
    Shape(
        rf"^({_KEY}/cryptoKeyVersions/[0-9]{{1,9}}"
        r"|-----BEGIN PUBLIC KEY-----\n([A-Za-z0-9+/=]{1,76}\n){1,20}-----END PUBLIC KEY-----\n?)$",
        "a key version (projects/…/cryptoKeys/K/cryptoKeyVersions/1) or a PEM public key",
        2048,
    ),
]
Channel = Annotated[
    str,
    Shape(rf"^projects/{_PROJECT}/notificationChannels/[0-9]{{1,20}}$", "a channel: projects/P/notificationChannels/N"),
]
SinkDestination = Annotated[
    str,
    Shape(
        rf"^(storage\.googleapis\.com/[a-z0-9][a-z0-9._-]{{1,220}}[a-z0-9]"
        rf"|bigquery\.googleapis\.com/projects/{_PROJECT}/datasets/[A-Za-z0-9_]{{1,200}}"
        rf"|pubsub\.googleapis\.com/projects/{_PROJECT}/topics/[A-Za-z][A-Za-z0-9._-]{{2,254}}"
        rf"|logging\.googleapis\.com/projects/{_PROJECT}(/locations/[a-z0-9-]{{2,40}}/buckets/[A-Za-z0-9_-]{{1,100}})?)$",
        "a destination: storage.googleapis.com/BUCKET, bigquery.googleapis.com/projects/P/datasets/D, "
        "pubsub.googleapis.com/projects/P/topics/T or logging.googleapis.com/projects/P/locations/L/buckets/B",
        512,
    ),
]
Recurrence = Annotated[
    str,
    Shape(
        r"^FREQ=(DAILY|WEEKLY)(;INTERVAL=[1-9][0-9]?)?(;BYDAY=(MO|TU|WE|TH|FR|SA|SU)(,(MO|TU|WE|TH|FR|SA|SU)){0,6})?$",
        "a recurrence, as in `FREQ=WEEKLY;BYDAY=SA,SU`",
    ),
]
Tag = Annotated[
    str,
    Shape(
        rf"^([0-9]{{1,20}}|{_PROJECT})/[A-Za-z0-9]([A-Za-z0-9._-]{{0,254}})=[A-Za-z0-9]([A-Za-z0-9._-]{{0,254}})$",
        "a tag binding, as in `123456789012/environment=production`",
        600,
    ),
]
#: A path to read policies from: no control character; what it may point to is the reader's question.
FilePath = Annotated[str, Shape(r"^[^\x00-\x1f\x7f-\x9f]{1,512}$", "a path", 512)]
#: Words for people that end up in plans and reports: no control character, nothing that reverses the reading direction.
Line = Annotated[
    str,
    Shape(
        r"^(?=.*[A-Za-z0-9])[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]{1,500}$",
        "one line of text",
        500,
    ),
]
KubernetesName = Annotated[
    str, Shape(r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", "a Kubernetes name: lower-case letters, digits and dashes", 63)
]
ContextName = Annotated[str, Shape(r"^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,252}$", "the name of a kubeconfig context", 253)]
LabelKey = Annotated[
    str,
    Shape(
        r"^([a-z0-9]([a-z0-9.-]{0,200}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$", "a label's key", 265
    ),
]
LabelValue = Annotated[
    str, Shape(r"^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$", "a label's value of at most 63 characters", 63)
]
Script = Annotated[
    str,
    Shape(
        r"^[^\x00-\x08\x0b-\x1f\x7f]{1,4096}$", "a command of at most 4096 characters without control characters", 4096
    ),
]
ServeConfig = Annotated[
    str, Shape(r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]{1,65536}$", "Serve's configuration as text, at most 64 KiB", 65536)
]
#: `${` and `%{` begin an expression in Terraform's language.
LogFilter = Annotated[
    str,
    Shape(
        r"^([^$%\x00-\x08\x0b-\x1f\x7f]|[$%](?!\{))*$",
        "a log filter (at most 20000 characters, no `${` or `%{`)",
        20000,
    ),
]
Role = Annotated[
    str,
    Shape(
        r"^(roles/[a-z][a-zA-Z0-9]{1,40}\.[a-zA-Z][a-zA-Z0-9.]{1,60}|[a-z][a-zA-Z0-9]{1,60})$",
        "a role, as in `dataViewer` or `roles/bigquery.dataViewer`",
    ),
]
DatasetName = Annotated[str, Shape(rf"^{_PROJECT}\.[A-Za-z0-9_]{{1,200}}$", "a data set: PROJECT.DATASET")]
BucketName = Annotated[str, Shape(r"^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$", "a bucket's name (without gs://)", 222)]
SecretName = Annotated[
    str,
    Shape(rf"^projects/({_PROJECT}|[0-9]{{1,20}})/secrets/[A-Za-z0-9_-]{{1,200}}$", "a secret: projects/P/secrets/S"),
]
TopicName = Annotated[
    str, Shape(rf"^projects/{_PROJECT}/topics/[A-Za-z][A-Za-z0-9._-]{{2,200}}$", "a topic: projects/P/topics/T")
]
RepositoryName = Annotated[
    str,
    Shape(
        rf"^projects/{_PROJECT}/locations/[a-z0-9-]{{2,40}}/repositories/{_LABEL}$",
        "a repository: projects/P/locations/L/repositories/R",
    ),
]
AccessLevel = Annotated[
    str,
    Shape(
        r"^accessPolicies/[1-9][0-9]{0,17}/accessLevels/[A-Za-z][A-Za-z0-9_]{0,49}$",
        "an access level: accessPolicies/NUMBER/accessLevels/NAME",
    ),
]
EkmConnection = Annotated[
    str,
    Shape(
        rf"^projects/{_PROJECT}/locations/[a-z0-9-]{{2,40}}/ekmConnections/[A-Za-z0-9_-]{{1,63}}$",
        "an external key manager's connection: projects/P/locations/L/ekmConnections/C",
    ),
]
ExternalKey = Annotated[
    str,
    Shape(
        rf"^(https://{_DOMAIN}(:[0-9]{{1,5}})?/)?[A-Za-z0-9._~/-]{{1,300}}$",
        "an external key: its https:// address, or its path behind an EKM connection",
        512,
    ),
]
