import { expect, test } from "vitest";
import { parseConfig } from "../../schema/config.ts";
import { provenanceVerifier } from "../../worker/compose/provenance.ts";
import { ONE_SOURCE } from "../support/variables.ts";
import { TestSigstore } from "../support/sigstore/sigstore.ts";

const read = (vars: Record<string, unknown>) =>
  parseConfig({ ...ONE_SOURCE, ADMIN_TOKEN: "a-token-for-the-tests", ...vars });

const NOTHING_STORED = { read: () => Promise.resolve(undefined), replace: () => Promise.reject(new Error("not here")) };

const ruled = (provenance: unknown) => {
  const { indexes } = read({ INDEXES: { default: { sources: ["pypi"], policy: { provenance } } } });
  return indexes[0].policies[0]?.provenance;
};

test("the rule provenance is short, or a table", () => {
  expect(ruled("regressed")).toEqual({ require: [], regressed: true, publishers: [] });
  expect(ruled("require")).toEqual({ require: ["*"], regressed: false, publishers: [] });
  const pin = { project: "demo", kind: "GitHub", repository: "acme/demo", repository_id: "1", owner_id: "2" };
  expect(ruled({ require: ["acme-*"], regressed: true, publishers: [pin] })).toEqual({
    require: ["acme-*"],
    regressed: true,
    publishers: [{ project: "demo", kind: "GitHub", repository: "acme/demo", repositoryId: "1", ownerId: "2" }],
  });
  for (const wrong of ["all", { require: [] }, { publishers: [{ ...pin, kind: "ActiveState" }] }, { publisher: pin }]) {
    expect(() => ruled(wrong)).toThrow(/^The configuration is wrong: INDEXES\.default\.policy\.provenance/);
  }
});

test("a trusted root that cannot be read keeps the server from starting", async () => {
  for (const wrong of ["root", "{}", "[]"]) {
    expect(() => read({ TRUSTED_ROOT: wrong })).toThrow(
      "The configuration is wrong: TRUSTED_ROOT: must be a trusted root of sigstore, as JSON, or empty.",
    );
  }
  const { root } = await TestSigstore.make();
  const broken = JSON.parse(JSON.stringify(root).replaceAll(/"rawBytes":"[^"]+"/g, '"rawBytes":"AAAA"')) as object;
  expect(() => provenanceVerifier(broken, NOTHING_STORED)).toThrow(
    "The configuration is wrong: TRUSTED_ROOT: a key or a certificate of it cannot be read.",
  );
  expect(
    provenanceVerifier(read({ TRUSTED_ROOT: JSON.stringify(root) }).trustedRoot, NOTHING_STORED).unusable(0),
  ).toBeUndefined();
  expect(provenanceVerifier(undefined, NOTHING_STORED).unusable(Date.parse("2028-01-01"))).toMatch(
    /^The trusted root has expired on 2027-11-28/,
  );
});
