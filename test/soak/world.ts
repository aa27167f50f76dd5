import { inSeconds } from "../../worker/duration.ts";
import { pathOf, type Distribution } from "../support/node/fake-index/distribution.ts";
import { Asker, type Answer, type Asking } from "./ask.ts";
import type { Content } from "./content.ts";
import { isByNginx } from "./front.ts";
import { Ledger } from "./ledger.ts";
import { ADMIN_TOKEN, type Subject } from "./subject.ts";
import { Tally } from "./tally.ts";
import type { Sky } from "./weather.ts";

/** An answer, and what is known of the server meanwhile. */
export interface Heard extends Answer {
  /** Whether the server was up from the request to the end of the answer. */
  readonly isSure: boolean;
  /** The request, for people. */
  readonly request: string;
}

/** A request with a token. */
export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
export const ADMIN = bearer(ADMIN_TOKEN);

/** What nginx says while the server is down, as what it means. */
const withoutServer = (answer: Answer): Answer => {
  return { ...answer, end: "no answer", status: 0, headers: {}, body: Buffer.alloc(0), why: "503 of nginx" };
};

/** All that clients share: the server, what is known of it and of its upstream, and what was found. */
export class World {
  readonly subject: Subject;
  readonly sky: Sky;
  readonly content: Content;
  readonly ledger = new Ledger();
  readonly tally = new Tally();
  readonly asker = new Asker();
  /** Files of the upstream that a page here has listed. */
  readonly seen = new Set<Distribution>();
  /** A token that reads `team`, and one that uploads there. */
  reader = "";
  uploader = "";
  readonly #began = performance.now();
  readonly #byName: ReadonlyMap<string, Distribution>;
  /** What stands before `pathOf(file)` in a file's path here. */
  #prefix = "";

  constructor(subject: Subject, sky: Sky, content: Content) {
    this.subject = subject;
    this.sky = sky;
    this.content = content;
    this.#byName = new Map([...content.first, ...content.later].map((file) => [file.filename, file]));
  }

  /** Seconds since the beginning. */
  get elapsed(): number {
    return inSeconds(performance.now() - this.#began);
  }

  /** The names of the upstream's projects. */
  get projects(): string[] {
    return [...new Set(this.content.first.map(({ project }) => project))];
  }

  /** The upstream's file of this name, whether it is published yet or not. */
  fileNamed(filename: string): Distribution | undefined {
    return this.#byName.get(filename);
  }

  /** All files that the upstream has by now. */
  published(): Distribution[] {
    return [...this.content.first, ...this.content.later.slice(0, this.sky.published)];
  }

  /** Learns where files lie from the URL of one of them. */
  learnPaths(file: Distribution, url: string): void {
    const { pathname } = new URL(url, this.subject.origin);
    if (!pathname.endsWith(pathOf(file))) throw new Error(`${url} is an unexpected address of ${file.filename}.`);
    this.#prefix = pathname.slice(0, -pathOf(file).length);
  }

  /** The path of an upstream's file here. */
  pathOf(file: Distribution): string {
    return this.#prefix + pathOf(file);
  }

  /** Asks the server, and checks what holds for every answer. */
  async ask(path: string, asking: Asking = {}): Promise<Heard> {
    const began = performance.now();
    const received = await this.asker.ask(`${this.subject.origin}${path}`, asking);
    const answer = received.status === 503 && isByNginx(received.headers) ? withoutServer(received) : received;
    const isSure = this.subject.wasUpSince(began);
    const details = Object.entries(asking.headers ?? {}).filter(([name]) => name !== "authorization");
    const request = [asking.method ?? "GET", path, ...details.map(([name, value]) => `${name}: ${value}`)].join(" ");
    const heard = { ...answer, isSure, request };
    this.tally.count(heard);
    if (answer.status >= 500 && answer.status !== 503) this.violated(heard, "no status 500 or above, but 503");
    const isBroken = answer.end === "no answer" || answer.end === "broken";
    if (isBroken && isSure && !asking.mayBreak) this.violated(heard, "a whole answer");
    return heard;
  }

  /** Notes an answer that must not be. */
  violated(heard: Heard, expected: string, found?: string): void {
    const { request, end, status, why, body } = heard;
    const said = status >= 400 ? body.toString("utf8").slice(0, 300) : "";
    this.fault(request, expected, found ?? [`${status}, ${end}`, why, said].filter(Boolean).join(": "));
  }

  /** Notes something that must not be. */
  fault(request: string, expected: string, found: string): void {
    const { weather } = this.sky;
    this.tally.violations.push({ request, expected, found, at: this.elapsed, weather });
  }

  /** Whether the answer is whole and has one of these statuses. A violation where its status is another one. */
  expect(heard: Heard, statuses: readonly number[]): boolean {
    if (heard.status === 0) return false;
    if (!statuses.includes(heard.status)) {
      if (heard.status < 500 || heard.status === 503) this.violated(heard, `one of ${statuses.join(", ")}`);
      return false;
    }
    return heard.end === "whole";
  }
}
