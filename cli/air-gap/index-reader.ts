import { setTimeout as sleep } from "node:timers/promises";
import { SECOND } from "../../worker/duration.ts";
import { documentPath } from "../../worker/pypi/document.ts";
import type { Filename } from "../../worker/pypi/filename.ts";
import { upstreamUrl } from "../../worker/pypi/file-url.ts";
import type { ProjectName } from "../../worker/pypi/name.ts";
import type { FileEntry, ProjectPage } from "../../worker/pypi/page.ts";
import { parsedJson } from "../../worker/pypi/parsed-json.ts";
import { messageOf } from "../../worker/errors.ts";
import { parseJson } from "../../worker/upstream/parse-json.ts";
import { causeOf } from "../lib/admin-api.ts";
import { CommandError } from "../lib/command-error.ts";
import { fetchOver } from "../lib/fetch-over.ts";
import { indexPath } from "../lib/index-path.ts";
import type { ServerAccess } from "../lib/server-address.ts";
import { UnusableFile } from "../migrate/source.ts";
import { WrongBytes } from "./volume-writer.ts";

const SIMPLE_JSON = "application/vnd.pypi.simple.v1+json";

/** The waits before each further try of what failed. Milliseconds. */
const WAITS = [SECOND, 2 * SECOND];

/** Statuses by which an index says that it does not give something: its policy, or that there is no such thing. */
const REFUSALS = new Set([403, 404, 410, 451]);

/** Those of them that say of a project that it is not there for any client. 403 may be of this client alone. */
const ABSENCES = new Set([404, 410, 451]);

/** The index does not give it, and says so. The message is its sentence. */
export class RefusedByIndex extends Error {
  /** Whether what is asked for is there for no client. */
  readonly isForAll: boolean;

  constructor(sentence: string, status: number) {
    super(sentence);
    this.isForAll = ABSENCES.has(status);
  }
}

/** A file of the index, whose body is being sent. */
export interface SentFile {
  /** Bytes, as the index says; undefined: it does not say. */
  readonly size: number | undefined;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * An index as its clients see it. Each method tries again where the connection breaks off or the index cannot answer now, and throws
 * `RefusedByIndex`, `UnusableFile` where all tries failed, or a `CommandError` where all else would fail as well.
 */
export interface IndexReader {
  /** Its Simple API. */
  readonly simple: URL;
  /** The serial of its root listing; null: it says none. */
  serial(): Promise<string | null>;
  page(name: ProjectName): Promise<ProjectPage>;
  /** Has `use` take the bytes of a file; it may be called again after a failure. */
  file<Result>(entry: FileEntry, use: (file: SentFile) => Promise<Result>): Promise<Result>;
  metadata(entry: FileEntry): Promise<Uint8Array>;
  provenance(project: ProjectName, version: string, filename: Filename): Promise<Uint8Array>;
}

/** Where an index is, and a token for it; undefined: it is read without one. */
type IndexAccess = Pick<ServerAccess, "url" | "socket"> & { readonly token: string | undefined };

/** Reads an index over HTTP, with the token of the command. `pause` waits for so many milliseconds. */
export function indexReader(
  { url: root, token, socket }: IndexAccess,
  index: string,
  pause: (milliseconds: number) => Promise<unknown> = sleep,
): IndexReader {
  const base = new URL(indexPath(index), root);
  const retrying = <Result>(work: () => Promise<Result>) => tryAgain(work, pause);

  async function ask(url: URL, accept: string): Promise<Response> {
    const headers = {
      Accept: accept,
      "User-Agent": "pypi-edge export",
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    };
    const answer = await fetchOver(socket, url, { headers, redirect: "manual" }).catch((error: unknown) => {
      throw new UnusableFile(`${url.host} does not answer (${causeOf(error)}).`);
    });
    if (answer.ok) return answer;
    const sentence = await sentenceIn(answer);
    if (answer.status === 401) throw new CommandError(sentence, "refused", 401);
    if (REFUSALS.has(answer.status)) throw new RefusedByIndex(sentence, answer.status);
    throw new UnusableFile(sentence);
  }

  const bytesAt = (url: URL, accept = "*/*") =>
    retrying(async () => new Uint8Array(await (await ask(url, accept)).arrayBuffer()));

  return {
    simple: new URL("simple/", base),
    async serial() {
      try {
        // Not HEAD: a refusal would have no sentence.
        const { headers, body } = await ask(new URL("simple/", base), SIMPLE_JSON);
        await body?.cancel();
        const serial = headers.get("X-PyPI-Last-Serial");
        return serial !== null && /^[\w.-]{1,64}$/.test(serial) ? serial : null;
      } catch (error) {
        if (error instanceof RefusedByIndex) throw new CommandError(error.message, "refused");
        if (error instanceof UnusableFile) return null;
        throw error;
      }
    },
    async page(name) {
      const url = new URL(`simple/${name}/`, base);
      const bytes = await bytesAt(url, SIMPLE_JSON);
      try {
        const page = await parseJson(bytes, name, url, () => true);
        // What an index of ours lists is at its own address.
        return { ...page, files: page.files.filter((entry) => upstreamUrl(entry).origin === url.origin) };
      } catch (error) {
        throw new UnusableFile(`The page of ${name} cannot be read: ${messageOf(error)}.`);
      }
    },
    file: (entry, use) =>
      retrying(async () => {
        const answer = await ask(upstreamUrl(entry), "*/*");
        const length = answer.headers.get("Content-Length");
        const isPlain = answer.headers.get("Content-Encoding") === null;
        return use({
          size: length === null || !isPlain ? undefined : Number(length),
          chunks: (answer.body ?? []) as AsyncIterable<Uint8Array>,
        });
      }),
    metadata(entry) {
      const url = upstreamUrl(entry);
      url.pathname += ".metadata";
      return bytesAt(url);
    },
    provenance: (project, version, filename) =>
      bytesAt(new URL(documentPath({ kind: "provenance", project, version, filename }), base)),
  };
}

async function tryAgain<Result>(
  work: () => Promise<Result>,
  pause: (milliseconds: number) => Promise<unknown>,
): Promise<Result> {
  for (const wait of [...WAITS, undefined]) {
    try {
      return await work();
    } catch (error) {
      const failure =
        error instanceof TypeError ? new UnusableFile(`It did not arrive whole: ${causeOf(error)}.`) : error;
      const isMendable = failure instanceof UnusableFile || failure instanceof WrongBytes;
      if (wait === undefined || !isMendable) throw failure;
      await pause(wait);
    }
  }
  throw new Error("unreachable");
}

/** The sentence of a refusal: problem details (RFC 9457), or plain text. */
async function sentenceIn(answer: Response): Promise<string> {
  const text = (await answer.text().catch(() => "")).trim();
  const parsed = parsedJson(text) as { readonly detail?: unknown } | undefined;
  if (typeof parsed?.detail === "string") return parsed.detail;
  const isPlain = answer.headers.get("Content-Type")?.startsWith("text/plain") && text !== "";
  return isPlain ? text : `The index answered ${answer.status}.`;
}
