import { isUpstreamFailure, upstreamFailed } from "../errors.ts";
import { upstreamUrl, type FileRef } from "../pypi/file-url.ts";
import { upstreamValue, verifiableDigest } from "../pypi/page.ts";
import { provenanceUrl, withProvenanceBelow } from "../pypi/provenance.ts";
import { uploadedAtOf } from "../pypi/upload-time.ts";
import type { CompletePage } from "./complete-page.ts";
import { Document } from "../repository/document.ts";
import { ProjectList } from "../repository/project-list.ts";
import { Page } from "../repository/page.ts";
import type { FileAnswer, Upstream } from "../repository/ports/upstream.ts";
import { resolveRange, type RangeSpec } from "../repository/range.ts";
import { withoutQuarantinedFiles } from "./quarantine.ts";
import type { UpstreamPages } from "../repository/repository.ts";
import type { ListedFile } from "../repository/artifact.ts";

/**
 * The innermost part of a source's stack: an upstream index over HTTP, nothing cached.
 *
 * @param describe adds to a page what the upstream leaves out, before the page is rendered
 * @param root our absolute address below which provenance is served; undefined: pages keep the upstream's addresses
 */
export function readUpstream(upstream: Upstream, describe: CompletePage, root?: string): UpstreamPages {
  return {
    async projects(known, ctx) {
      const answer = await upstream.names(known?.head.validators ?? {});
      if (answer.kind === "unchanged") return "unchanged";
      const { entries, serial, validators } = answer;
      const head = { digest: "", changedAt: ctx.now, serial, validators };
      return ProjectList.of(head, entries, async () => entries.return?.(), "upstream", ctx);
    },

    async project(name, known, ctx, remake = false) {
      const validators = remake ? undefined : await known?.validators();
      const answer = await upstream.page(name, validators ?? {}, known !== undefined);
      if (answer.kind === "absent") return null;
      if (answer.kind === "unchanged") return "unchanged";
      const described = await describe(withoutQuarantinedFiles(answer.page), { known, remake }, ctx);
      return Page.from(withProvenanceBelow(root, described), answer.validators, ctx.now);
    },

    async document({ ref, listed }, known, ctx) {
      const url = ref.kind === "provenance" ? listed && provenanceUrl(listed.entry) : upstream.jsonUrl(ref);
      if (!url) return null;
      const answer = await upstream.document(url, known?.validatorsAt(url) ?? {});
      if (answer.kind === "absent") return null;
      if (answer.kind === "unchanged") return "unchanged";
      return Document.from(answer, url, ctx.now);
    },

    async file({ ref, headOnly, range, listed }, ctx) {
      if (!listed) return null;
      const facts = listedFacts(listed, ref.part);
      const url = upstreamUrl(listed.entry);
      if (ref.part === "metadata") url.pathname += ".metadata";
      const opened = await openFile(upstream, url, { facts, headOnly, range, ref });
      if (!opened) return null;
      const { answer, part, size } = opened;
      const outside = part === "unsatisfiable";
      if (!headOnly && !outside && (answer.body === null || answer.size === 0)) {
        throw upstreamFailed(url.host, `its answer for ${ref.filename} is empty`);
      }
      return {
        project: facts.project,
        digest: facts.digest,
        size,
        listedSize: facts.size,
        modifiedAt: facts.modifiedAt ?? answer.modifiedAt ?? ctx.now,
        uploadedAt: facts.uploadedAt,
        unchecked: facts.unchecked,
        validator: facts.unchecked ? answer.validator : undefined,
        body: answer.body,
        part,
        sliced: answer.sliced,
        via: "upstream",
      };
    },
  };
}

interface OpenOptions {
  readonly facts: ReturnType<typeof listedFacts>;
  readonly headOnly: boolean;
  readonly range: RangeSpec | undefined;
  readonly ref: FileRef;
}

/**
 * Opens a file, or the part of it that a range selects, and finds its size where possible. Where a digest verifies the
 * bytes, the size on the page is only a hint: the upstream's answer gives the size, and the range is resolved again
 * where the two differ. Without a digest the two sizes must agree.
 */
async function openFile(upstream: Upstream, url: URL, { facts, headOnly, range, ref }: OpenOptions) {
  const wanted = { ref, unverified: facts.unchecked };
  const sizeThere = async () => (await upstream.file(url, { ...wanted, headOnly: true }))?.size;
  // No distribution file is empty: a size of 0 is wrong.
  const listed = facts.size === 0 ? undefined : facts.size;
  let isAdvice = facts.digest !== undefined && listed !== undefined;
  let size = listed ?? (range && (await sizeThere()));
  for (;;) {
    // Where neither side says the size, the range cannot be resolved, and the whole file is the answer.
    const part = range && size !== undefined ? resolveRange(range, size) : undefined;
    const outside = part === "unsatisfiable";
    let answer: FileAnswer | null;
    try {
      answer = await upstream.file(url, {
        ...wanted,
        headOnly: headOnly || outside,
        part: outside ? undefined : part,
      });
    } catch (error) {
      // Servers refuse a part beyond the end of the file with various statuses: ask for the true size.
      const actual = isAdvice && part && isUpstreamFailure(error) ? await sizeThere() : undefined;
      if (actual === undefined || actual === size) throw error;
      [size, isAdvice] = [actual, false];
      continue;
    }
    if (!answer) return null;
    if (answer.size === undefined && part === undefined) return { answer, part, size: isAdvice ? undefined : size };
    if (size === undefined || answer.size === undefined || answer.size === size) {
      return { answer, part, size: size ?? answer.size };
    }
    if (isAdvice && !part) return { answer, part, size: answer.size };
    await answer.body?.cancel();
    if (!isAdvice) {
      const reason = `${ref.filename} has ${answer.size} bytes there, and the project's page says ${size}`;
      throw upstreamFailed(url.host, reason);
    }
    [size, isAdvice] = [answer.size, false];
  }
}

/** What the upstream's page says of a file, or of its `.metadata`, before its bytes are read. */
export function listedFacts({ project, entry }: ListedFile, part: FileRef["part"]) {
  const metadata = upstreamValue(entry, "core-metadata");
  const hashes = part === "file" ? entry.hashes : metadata === true ? {} : (metadata ?? {});
  const uploadedAt = uploadedAtOf(entry);
  const digest = verifiableDigest(hashes);
  return {
    project,
    digest,
    unchecked: digest === undefined,
    size: part === "file" ? upstreamValue(entry, "size") : undefined,
    modifiedAt: uploadedAt ?? undefined,
    uploadedAt,
  };
}
