"""Makes Envoy read the public keys again after a rotation.

Envoy does not watch the key set it verifies tokens with. It does watch the file that configures the verifying filter,
and builds the filter anew, keys included, when that file differs. So a rotation writes the key set first, then this
file.
"""

import json
from typing import Final

#: File name inside `GatewaySettings.envoy_dir`; rendered with the instance, marked anew at each rotation.
JWT_FILE: Final = "ecds_jwt.yaml"


def with_generation(text: str, generation: str) -> str:
    """The filter's file with another mark; `generation` is any word `[A-Za-z0-9]+` not used before, such as a key id.

    Raises ValueError when `text` is not such a file.
    """
    if not generation.isalnum() or not generation.isascii():
        raise ValueError(f"{generation!r} is no word of letters and digits")
    document = json.loads(text)
    try:
        config = document["resources"][0]["typed_config"]
        config["stat_prefix"] = f"keys_{generation}"
        document["version_info"] = f"keys-{generation}"
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError("not the JWT filter's file") from error
    return json.dumps(document, indent=1, sort_keys=True) + "\n"
