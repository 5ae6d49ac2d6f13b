"""The stamp keys of this instance at work: signing owners, reading them back, naming package namespaces."""

import hmac
import time
from collections.abc import Callable, Mapping, Sequence

from rayfence.access.packages import owner_namespace
from rayfence.access.stamp import JobPlace, StampKey, owner_of_metadata, sign_stamp


class Stamps:
    """`keys`: oldest first, as `keys.load_secrets` gives them. All verify; the newest signs, but for the last `unripe`
    ones, which other replicas may not know yet.
    """

    def __init__(
        self,
        instance: str,
        keys: Sequence[tuple[str, bytes]],
        clock: Callable[[], float] = time.time,
        *,
        unripe: int = 0,
    ) -> None:
        self._instance = instance
        self._clock = clock
        self.use(keys, unripe)

    def use(self, keys: Sequence[tuple[str, bytes]], unripe: int = 0) -> None:
        """Sign and verify with other keys from now on."""
        ordered = [StampKey(kid, secret) for kid, secret in keys]
        ripe = len(ordered) - unripe or 1
        self._keys = (*reversed(ordered[:ripe]), *ordered[ripe:])
        # The oldest names the namespaces: a rotation must not hide everyone's uploaded packages from them.
        self._namespace_key = keys[0][1]
        self.form_key = hmac.digest(keys[0][1], b"rayfence forms", "sha256")

    def sign(self, subject: str, submission_id: str, session: str) -> str:
        """A stamp for a job that is about to be submitted."""
        place = JobPlace(self._instance, session, submission_id)
        return sign_stamp(self._keys[0], place, subject, int(self._clock()))

    def owner(self, record: Mapping[str, object], session: str) -> str | None:
        """Whose a job record is; None without a good stamp for exactly this record."""
        name = record.get("submission_id")
        if not isinstance(name, str):
            return None
        return owner_of_metadata(self._keys, JobPlace(self._instance, session, name), record.get("metadata"))

    def namespace(self, subject: str) -> str:
        """The package namespace of a subject."""
        return owner_namespace(self._namespace_key, subject)
