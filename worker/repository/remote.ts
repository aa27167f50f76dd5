import { upstreamFailed } from "../errors.ts";
import { upstreamUrl, type FileRef } from "../pypi/file-url.ts";
import { upstreamsOwn, verifiableDigest } from "../pypi/page.ts";
import { provenanceUrl, withProvenanceBelow } from "../pypi/provenance.ts";
import { rootJson, type RootEntry } from "../pypi/simple-json.ts";
import type { Describe } from "./describe.ts";
import { Document } from "./document.ts";
import { ProjectList } from "./list.ts";
import { Page } from "./page.ts";
import type { Upstream } from "./ports.ts";
import { withoutQuarantined } from "./quarantine.ts";
import { resolveRange } from "./range.ts";
import { readable } from "./readable.ts";
import type { Listed, Repository } from "./repository.ts";

/**
 * The innermost part of a stack: an upstream index over HTTP, nothing kept.
 *
 * @param describe adds to a page what the upstream does not say, before it is rendered
 * @param root the absolute address of ours below which provenance is served; undefined: pages have the upstream's own
 */
export function remote(upstream: Upstream, describe: Describe, root?: string): Repository {
  return {
    async projects(ctx) {
      const answer = await upstream.names(ctx.knownList?.head.validators ?? {});
      if (answer.kind === "unchanged") return unchanged(ctx.knownList);
      const { serial, validators } = answer;
      const json = readable(asJson(answer.entries, serial));
      return new ProjectList({ digest: "", changedAt: ctx.now, serial, validators }, json, false, "upstream");
    },

    async project(name, ctx) {
      const validators = ctx.anew ? undefined : await ctx.known?.validators();
      const answer = await upstream.page(name, validators ?? {}, ctx.known !== undefined);
      if (answer.kind === "absent") return null;
      if (answer.kind === "unchanged") return unchanged(ctx.known);
      const described = await describe(withoutQuarantined(answer.page), ctx);
      const page = root === undefined ? described : withProvenanceBelow(root, described);
      return Page.from(page, answer.validators, ctx.now);
    },

    async document({ ref, listed }, ctx) {
      const url = ref.kind === "provenance" ? listed && provenanceUrl(listed.entry) : upstream.jsonUrl(ref);
      if (!url) return null;
      const answer = await upstream.document(url, ctx.knownDocument?.validatorsAt(url) ?? {});
      if (answer.kind === "absent") return null;
      if (answer.kind === "unchanged") return unchanged(ctx.knownDocument);
      return Document.from(answer, url, ctx.now);
    },

    async file({ ref, headOnly, range, listed }, ctx) {
      if (!listed) return null;
      const facts = listedFacts(listed, ref.part);
      const url = upstreamUrl(listed.entry);
      if (ref.part === "metadata") url.pathname += ".metadata";
      const wanted = { ref, unverified: facts.unchecked };
      const size = facts.size ?? (range && (await upstream.file(url, { ...wanted, headOnly: true }))?.size);
      // Where nobody knows the size, no range can be made sense of, and the whole is the answer.
      const part = range && size !== undefined ? resolveRange(range, size) : undefined;
      const outside = part === "unsatisfiable";
      const answer = await upstream.file(url, {
        ...wanted,
        headOnly: headOnly || outside,
        part: outside ? undefined : part,
      });
      if (!answer) return null;
      if (!headOnly && !outside && (answer.body === null || answer.size === 0)) {
        throw upstreamFailed(url.host, `its answer for ${ref.filename} is empty`);
      }
      if (facts.size !== undefined && answer.size !== undefined && facts.size !== answer.size) {
        await answer.body?.cancel();
        const reason = `${ref.filename} has ${answer.size} bytes there, and the project's page says ${facts.size}`;
        throw upstreamFailed(url.host, reason);
      }
      return {
        project: facts.project,
        digest: facts.digest,
        size: size ?? answer.size,
        modifiedAt: facts.modifiedAt ?? answer.modifiedAt ?? ctx.now,
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

/** What the upstream's page says of a file, or of its `.metadata`, before anybody has seen its bytes. */
export function listedFacts({ project, entry }: Listed, part: FileRef["part"]) {
  const metadata = upstreamsOwn(entry, "core-metadata");
  const hashes = part === "file" ? entry.hashes : metadata === true ? {} : (metadata ?? {});
  const uploadedAt = Date.parse(upstreamsOwn(entry, "upload-time") ?? "");
  const digest = verifiableDigest(hashes);
  return {
    project,
    digest,
    unchecked: digest === undefined,
    size: part === "file" ? upstreamsOwn(entry, "size") : undefined,
    modifiedAt: Number.isNaN(uploadedAt) ? undefined : uploadedAt,
  };
}

/** What `known` was, given that the upstream said it is unchanged: it only can where something was known. */
function unchanged<T>(known: T | undefined): T {
  if (known === undefined) throw new Error("The upstream answered 304 to an unconditional request.");
  return known;
}

/** Batches of projects as the lines of a PEP 691 listing. */
async function* asJson(batches: AsyncIterable<readonly RootEntry[]>, serial: number | undefined) {
  yield rootJson.opening(serial);
  let separator = "";
  for await (const entries of batches) {
    yield separator + entries.map(rootJson.project).join(",\n");
    separator = ",\n";
  }
  yield rootJson.closing;
}
