import { env } from "cloudflare:workers";
import type { Platform } from "../../worker/platform/platform.ts";
import { filePath, Rig } from "./rig.ts";
import { FakeUpstream, type FakeFile } from "./upstream.ts";

/** A file that is large by the limits of `largeRig`. */
export const SIZE = 900_000;
export const BYTES = new Uint8Array(SIZE).map((_, at) => (at * 7) % 253);
export const WHEEL: FakeFile = { filename: "demo-1.0-py3-none-any.whl", bytes: BYTES };
export const URL_OF_WHEEL = `${FakeUpstream.FILES}${WHEEL.filename}`;
export const WHEEL_PATH = filePath(WHEEL.filename);

/** What the queue carries for it. */
export const MESSAGE = {
  source: encodeURIComponent(FakeUpstream.INDEX),
  file: `files.upstream.test/packages/${WHEEL.filename}`,
  part: "file",
} as const;

/** A worker to which a file above 500,000 bytes is a large one, over an upstream that has one. */
export async function largeRig(
  entry?: Record<string, unknown>,
  platform: Partial<Platform> = {},
  maxPut = 100_000_000,
): Promise<Rig> {
  const rig = new Rig({}, platform, { finishAlone: 500_000, maxPut });
  await rig.upstream.publish("demo", [entry ? { ...WHEEL, entry } : WHEEL]);
  return rig;
}

/** Has the upstream send `bytes` without saying how many there are. */
export function stream(rig: Rig, bytes: Uint8Array): void {
  rig.upstream.on(
    URL_OF_WHEEL,
    () => new Response(new Response(bytes).body?.pipeThrough(new IdentityTransformStream())),
  );
}

/** How often the upstream was asked for the file itself, or for a part of it. */
export const transfers = (rig: Rig) =>
  rig.upstream.requests.filter((line) => `${line} `.startsWith(`GET ${URL_OF_WHEEL} `)).length;

/** The keys of what is stored. */
export const stored = async () => (await env.FILES.list()).objects.map(({ key }) => key);

/** Reads a body to its end, or to its break. */
export async function drain(response: Response): Promise<{ received: number; broken: boolean }> {
  let received = 0;
  try {
    for await (const chunk of response.body ?? []) received += chunk.byteLength;
    return { received, broken: false };
  } catch {
    return { received, broken: true };
  }
}
