"""`rayfence.dev/v1alpha1`: the spec as people write it. Every field has a secure default."""

from collections.abc import Mapping
from typing import Final

from rayfence.spec.v1alpha1.local import LocalRoot
from rayfence.spec.v1alpha1.roots import GkePlatform, KubernetesPlatform
from rayfence.spec.v1alpha1.rules import problems

API_VERSION: Final = "rayfence.dev/v1alpha1"
#: target -> the model of a whole file
ROOTS: Final[Mapping[str, type[LocalRoot | KubernetesPlatform | GkePlatform]]] = {
    "local": LocalRoot,
    "kubernetes": KubernetesPlatform,
    "gke": GkePlatform,
}

__all__ = ["API_VERSION", "ROOTS", "GkePlatform", "KubernetesPlatform", "LocalRoot", "problems"]
