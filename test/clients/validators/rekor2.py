"""Verifies an attestation of Rekor 2 with sigstore: a JSON object of `root` and `attestation` on stdin, the outcome on stdout."""

import json
import sys
import tempfile

from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier
from sigstore.verify.policy import UnsafeNoOp

asked = json.load(sys.stdin)
with tempfile.NamedTemporaryFile("w", suffix=".json") as root:
    json.dump(asked["root"], root)
    root.flush()
    verifier = Verifier(trusted_root=TrustedRoot.from_file(root.name))

material = asked["attestation"]["verification_material"]
envelope = asked["attestation"]["envelope"]
times = material["timestamp_verification_data"]["rfc3161_timestamps"]
bundle = {
    "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
    "verificationMaterial": {
        "certificate": {"rawBytes": material["certificate"]},
        "tlogEntries": material["transparency_entries"],
        "timestampVerificationData": {
            "rfc3161Timestamps": [{"signedTimestamp": each["signed_timestamp"]} for each in times]
        },
    },
    "dsseEnvelope": {
        "payload": envelope["statement"],
        "payloadType": "application/vnd.in-toto+json",
        "signatures": [{"sig": envelope["signature"], "keyid": ""}],
    },
}

try:
    kind, payload = verifier.verify_dsse(Bundle.from_json(json.dumps(bundle)), UnsafeNoOp())
    print(json.dumps([kind, json.loads(payload)["subject"][0]["name"]]))
except Exception as error:
    print(json.dumps(f"refused: {type(error).__name__} {error}"))
