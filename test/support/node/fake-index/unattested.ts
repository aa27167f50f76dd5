import type { WitnessSource } from "../../../../cli/demo/witness.ts";

/** An index whose files have no provenance, though pages say where it would be: a fake index's is signed by no key. */
export const unattested =
  (index: WitnessSource): WitnessSource =>
  async (request) =>
    request.url?.startsWith("/integrity/") ? { status: 404, headers: {}, body: Buffer.alloc(0) } : index(request);
