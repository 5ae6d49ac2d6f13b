"""What no pod of a tenant may be, as CEL over one pod spec.

Pod Security holds pods to the restricted standard already; these hold templates too, so that a bad Ray object is
refused when it is written and not when a pod of it is, and say what Pod Security can't: where images come from and
which accounts may be used.
"""

from collections.abc import Iterable

from rayfence.render.kubernetes.admission.cel import absent_or, all_of, every, image_pattern, text, unset_or_false

_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")


def every_container(spec: str, condition: str, *, kinds: Iterable[str] = _CONTAINERS) -> str:
    """The condition (on `c`) holds of each container of the pod spec at path `spec`, of every kind."""
    return all_of(every(f"{spec}.{kind}", "c", condition) for kind in kinds)


def by_digest(container: str, registries: Iterable[str]) -> str:
    """The image is below an allowed prefix and named by its digest: a tag can be moved after it was looked at."""
    return f"has({container}.image) && {container}.image.matches({text(image_pattern(registries))})"


def harmless_pod(spec: str) -> str:
    """No namespace of the node is shared, and no path of it is mounted."""
    flags = (unset_or_false(f"{spec}.{field}") for field in ("hostNetwork", "hostPID", "hostIPC"))
    return all_of((*flags, every(f"{spec}.volumes", "v", "!has(v.hostPath)")))


def harmless_container(container: str) -> str:
    """Not privileged, no port of the node, no capability added."""
    context = f"{container}.securityContext"
    inner = all_of(
        (
            unset_or_false(f"{context}.privileged"),
            unset_or_false(f"{context}.allowPrivilegeEscalation"),
            absent_or(f"{context}.capabilities", absent_or(f"{context}.capabilities.add", "false")),
        )
    )
    ports = every(f"{container}.ports", "p", "!has(p.hostPort) || p.hostPort == 0")
    return all_of((absent_or(context, inner), ports))


def no_own_token(container: str) -> str:
    """No setting of Ray's authentication or TLS: KubeRay keeps what a container sets itself, so it could switch it off.

    `envFrom` is refused whole: what it brings is in no manifest.
    """
    name = "e.name"
    barred = all_of(
        (
            f"!{name}.startsWith({text('RAY_AUTH_')})",
            f"!{name}.startsWith({text('RAY_TLS_')})",
            f"{name} != {text('RAY_USE_TLS')}",
            f"{name} != {text('RAY_ENABLE_K8S_TOKEN_AUTH')}",
        )
    )
    sources = absent_or(f"{container}.envFrom", f"size({container}.envFrom) == 0")
    return all_of((every(f"{container}.env", "e", barred), sources))
