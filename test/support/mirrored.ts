import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { ADMIN_TOKEN, type Rig } from "./rig.ts";
import type { FakeFile } from "./upstream.ts";

/** A wheel whose metadata has these `Requires-Dist`. */
export const wheel = (project: string, version = "1.0", requires: readonly string[] = [], entry = {}): FakeFile => ({
  filename: `${project.replaceAll("-", "_")}-${version}-py3-none-any.whl`,
  bytes: new TextEncoder().encode(`the bytes of ${project} ${version}`),
  metadata: [
    `Metadata-Version: 2.1\nName: ${project}\nVersion: ${version}\n`,
    ...requires.map((each) => `Requires-Dist: ${each}\n`),
  ].join(""),
  entry,
});

/** A request to the mirror's API that succeeds. */
export const ask = async (rig: Rig, path: string, body: unknown) => {
  const answer = await rig.post(`mirror/${path}`, JSON.stringify(body));
  expect([answer.status, answer.text()]).toEqual([200, expect.any(String)]);
  return JSON.parse(answer.text()) as Record<string, unknown>;
};

/** Has these mirrored, until nothing is left to do. */
export async function mirrored(rig: Rig, ...projects: string[]): Promise<void> {
  await ask(rig, "add", { projects });
  await rig.deliverMirrors();
}

/** The files and `.metadata` in the store. */
export const stored = async () => {
  const { objects } = await env.FILES.list();
  return objects
    .map(({ key }) => key)
    .filter((key) => /^(?:file|metadata)\//.test(key))
    .map((key) => `${key.startsWith("file") ? "" : "metadata of "}${key.split("/").at(-1)}`)
    .toSorted();
};

/** The status of the only mirror. */
export const statusOf = async (rig: Rig) => {
  const answer = await rig.get("/-/api/mirror", { Authorization: `Bearer ${ADMIN_TOKEN}` });
  return (JSON.parse(answer.text()) as { mirrors: Record<string, unknown>[] }).mirrors[0];
};

/** What could not be mirrored, and notes. */
export const errorsOf = async (rig: Rig) => {
  const answer = await rig.get("/-/api/mirror/errors", { Authorization: `Bearer ${ADMIN_TOKEN}` });
  const { errors } = JSON.parse(answer.text()) as { errors: { project: string; file: string; reason: string }[] };
  return errors.map(({ project, file, reason }) => `${project} ${file}: ${reason}`);
};

/** A finding as the API shows it, without its time. */
interface ShownFinding {
  readonly kind: string;
  readonly project: string;
  readonly file: string;
  readonly fault: string;
  readonly isRepaired: boolean;
}

interface ShownFigures {
  readonly ended: string | null;
  readonly projects: number;
  readonly passed: number;
  readonly verified: number;
  readonly objects: number;
  readonly retry: string | null;
  readonly counts: readonly object[];
  readonly findings: readonly ShownFinding[];
}

/** Verifies the only mirror to the end, and returns its figures and a line for each finding. */
export async function verified(rig: Rig, body: Record<string, unknown> = {}) {
  await ask(rig, "verification", body);
  await rig.deliverMirrors();
  return verificationOf(rig);
}

export async function verificationOf(rig: Rig) {
  const answer = await rig.get("/-/api/mirror/verification", { Authorization: `Bearer ${ADMIN_TOKEN}` });
  const { verification } = JSON.parse(answer.text()) as { verification: ShownFigures };
  const { findings, ...figures } = verification;
  const lines = findings.map(
    ({ kind, project, file, fault, isRepaired }) =>
      `${isRepaired ? "repaired " : ""}${kind}: ${project} ${file} ${fault}`,
  );
  return { ...figures, lines };
}

/** Puts other bytes in the place of an object's, which is otherwise as it was. */
export async function spoil(key: string, change: (bytes: Uint8Array) => Uint8Array = flipped): Promise<void> {
  const object = await env.FILES.get(key);
  if (!object) throw new Error(`${key} is not there`);
  await env.FILES.put(key, change(await object.bytes()), { customMetadata: object.customMetadata ?? {} });
}

/** With one bit that is another. */
const flipped = (bytes: Uint8Array) => bytes.map((byte, at) => (at === 3 ? byte ^ 1 : byte));
