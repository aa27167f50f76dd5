import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { UploadAnnouncement } from "../../../schema/upload.ts";

/** Attestations, and what else is said of a file. */
interface UploadEnd {
  readonly attestations?: readonly unknown[];
}

interface Session {
  readonly announced: UploadAnnouncement;
  readonly parts: Map<number, Buffer>;
}

/** What is done in place of an answer: `cut`, the connection is closed when the request has come; `hang`, nothing is. */
export type Fault = "cut" | "hang" | { readonly status: number; readonly text: string; readonly type?: string };

/** A server that takes uploads in parts as pypi-edge's API does, and fails where it is told to. */
export class FakeUploads {
  partSize = 1_000;
  /** By filename. */
  readonly published = new Map<string, Buffer>();
  /** The names of published files that have attestations. */
  readonly attested = new Set<string>();
  /** Each request, as `PUT /1`. */
  readonly requests: string[] = [];
  readonly tokens = new Set<string | undefined>();
  /** What was said at the end of each upload. */
  readonly ends: UploadEnd[] = [];
  /** What the requests that begin so meet, one after the other. */
  readonly faults = new Map<string, Fault[]>();
  readonly #sessions = new Map<string, Session>();
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  async listen(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  /** The upload that this request begins fails next in these ways. */
  fail(request: string, ...faults: Fault[]): void {
    this.faults.set(request, faults);
  }

  /** Closes the connections that hang. */
  breakOff(): void {
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const [, id = "", what = ""] = /^\/-\/api\/uploads(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(request.url ?? "") ?? [];
    const asked = `${request.method} /${what}`;
    this.requests.push(asked);
    this.tokens.add(request.headers.authorization);
    const say = (status: number, text: string, type = "text/plain; charset=utf-8") =>
      response.writeHead(status, { "Content-Type": type }).end(text);
    const fault = this.faults.get(asked)?.shift();
    if (fault === "hang") return;
    if (fault === "cut") {
      response.destroy();
      return;
    }
    if (fault) {
      say(fault.status, fault.text, fault.type);
      return;
    }
    const session = this.#sessions.get(id);
    if (id !== "" && !session) say(404, "There is no such upload of yours.\n");
    else if (!session) this.#begin(JSON.parse(body.toString()) as UploadAnnouncement, say);
    else if (what === "finish") {
      this.ends.push(JSON.parse(body.toString()) as UploadEnd);
      this.#finish(id, session, say);
    } else {
      session.parts.set(Number(what), body);
      say(200, this.#state(id, session));
    }
  }

  #begin(announced: UploadAnnouncement, say: (status: number, text: string) => unknown): void {
    const there = this.published.get(announced.filename);
    const same = [...this.#sessions].find(([, each]) => JSON.stringify(each.announced) === JSON.stringify(announced));
    const isIdentical = there !== undefined && digest(there) === announced.sha256;
    const lacksAttestations = isIdentical && announced.attested && !this.attested.has(announced.filename);
    if (isIdentical && !lacksAttestations) {
      say(200, JSON.stringify({ identical: true, did: "It is there." }));
    } else if (there && !isIdentical) {
      say(409, `File already exists: ${announced.filename}.\n`);
    } else if (same) {
      say(200, this.#state(...same));
    } else {
      const session = { announced, parts: new Map<number, Buffer>() };
      const id = randomUUID();
      this.#sessions.set(id, session);
      say(201, this.#state(id, session));
    }
  }

  #finish(id: string, { announced, parts }: Session, say: (status: number, text: string) => unknown): void {
    const bytes = Buffer.concat([...parts].toSorted(([a], [b]) => a - b).map(([, part]) => part));
    this.#sessions.delete(id);
    if (bytes.byteLength !== announced.size || digest(bytes) !== announced.sha256) {
      say(400, "The parts are not what was announced.\n");
      return;
    }
    const attested = this.published.has(announced.filename) || undefined;
    this.published.set(announced.filename, bytes);
    if (this.ends.at(-1)?.attestations?.length) this.attested.add(announced.filename);
    say(200, JSON.stringify({ identical: false, attested, did: "Published." }));
  }

  #state(id: string, { parts }: Session): string {
    return JSON.stringify({ id, partSize: this.partSize, parts: [...parts.keys()] });
  }
}

const digest = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
