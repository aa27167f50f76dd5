import { messageOf } from "../../errors.ts";
import { fileLabel, type FileRef } from "../../pypi/file-url.ts";
import type { Digest } from "../../pypi/page.ts";
import { discard, type Artifact } from "../../repository/artifact.ts";
import type { Context } from "../../repository/context.ts";
import type { FactStore } from "../../repository/ports/files.ts";
import { UnreadableWheel } from "../../repository/ranged-archive.ts";
import { sha256 } from "../../repository/sha256.ts";
import type { PageFacts } from "./page-facts.ts";
import { storedMetadata, type WheelSource } from "./wheel-source.ts";
import { storeWithoutClient } from "./transfer.ts";

/**
 * Compares the stored `.metadata` of a wheel that was just stored with METADATA in the wheel, and replaces it where they differ.
 * Never rejects: failures are reported.
 *
 * @param unchecked whether the wheel itself is unverified
 */
export async function checkMetadata(
  wheel: WheelSource,
  page: PageFacts,
  unchecked: boolean,
  ctx: Context,
): Promise<void> {
  const ref: FileRef = { ...wheel.ref, part: "metadata" };
  const { files } = wheel.parts;
  try {
    const kept = await files.get(ref);
    if (!kept) return;
    const was = kept.digest ?? metadataDigest(await new Response(kept.body as BodyInit).bytes());
    if (kept.digest) await discard(kept);
    const found = await storedMetadata(wheel, ctx);
    if (!found) return;
    const { bytes } = found;
    const digest = metadataDigest(bytes);
    if (was.hex === digest.hex) return;
    page.report("file-refused", "it differed from METADATA in the wheel and was replaced by that");
    const right: Artifact = {
      ...kept,
      size: bytes.byteLength,
      digest,
      unchecked,
      validator: undefined,
      body: new Response(bytes).body,
    };
    // The store keeps a verified object unless `replace` names another digest.
    if (!kept.unchecked) await files.replace(ref, kept.project, digest);
    await storeWithoutClient(right, fileLabel(ref), { sink: files.create(ref, right), limit: Infinity }, ctx);
    if (page.advertisedHere) await page.advertise(digest);
  } catch (error) {
    if (!(error instanceof UnreadableWheel)) page.report("storage-failed", messageOf(error));
    else if (page.advertisedHere) await page.withdraw(error);
  }
}

/**
 * Advertises metadata again for a wheel that could not be read before, where the wheel just stored can be read. Never rejects:
 * failures are reported.
 */
export async function readvertiseMetadata(
  wheel: WheelSource,
  facts: FactStore,
  page: PageFacts,
  ctx: Context,
): Promise<void> {
  const { project, entry } = wheel.listed;
  try {
    const isUnreadable = (await facts.of(project)).get(entry.url)?.unreadable ?? false;
    const found = isUnreadable ? await storedMetadata(wheel, ctx) : null;
    if (found) await page.advertise(metadataDigest(found.bytes));
  } catch (error) {
    if (!(error instanceof UnreadableWheel)) page.report("storage-failed", messageOf(error));
  }
}

export const metadataDigest = (bytes: Uint8Array): Digest => ({ algorithm: "sha256", hex: sha256(bytes) });
