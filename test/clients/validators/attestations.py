"""Verifies provenance objects with pypi-attestations: one JSON object a line on stdin, one outcome a line on stdout."""

import json
import logging
import sys

from pypi_attestations import Distribution, Provenance
from sigstore.verify import Verifier

logging.disable(logging.CRITICAL)

# Made once: it reads its root anew for each attestation otherwise.
VERIFIER = Verifier.production(offline=True)
Verifier.production = classmethod(lambda cls, offline=False: VERIFIER)


def outcome(asked):
    try:
        file = Distribution(name=asked["filename"], digest=asked["sha256"])
        bundles = Provenance.model_validate_json(asked["text"]).attestation_bundles
        verified = 0
        for bundle in bundles:
            for attestation in bundle.attestations:
                attestation.verify(bundle.publisher, file, offline=True)
                verified += 1
        return "verified" if verified else "refused: nothing"
    except Exception as error:
        return f"refused: {type(error).__name__} {error}".splitlines()[0][:300]


for line in sys.stdin:
    print(json.dumps(outcome(json.loads(line))), flush=True)
