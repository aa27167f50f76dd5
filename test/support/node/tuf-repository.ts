import { createHash, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { DAY } from "../../../worker/duration.ts";
import { LoopbackService } from "./loopback.ts";

interface Key {
  readonly id: string;
  readonly publicHex: string;
  readonly privateKey: KeyObject;
}

const ROLES = ["root", "timestamp", "snapshot", "targets"] as const;
type Role = (typeof ROLES)[number];

const sha256 = (data: string) => createHash("sha256").update(data).digest("hex");

function makeKey(): Key {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const publicHex = publicKey.export({ type: "spki", format: "der" }).subarray(-32).toString("hex");
  return { id: sha256(publicHex), publicHex, privateKey };
}

/** JSON as it is signed: the members of each object in order, and no spaces (OLPC's canonical JSON, for what is said here). */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join()}}`;
}

/** What is published, and by what it differs from a sound repository. */
export interface Published {
  /** The trusted root, as text. */
  readonly target: string;
  /** Of timestamp, snapshot and targets. */
  readonly version: number;
  /** When the timestamp ends, from now; milliseconds. */
  readonly lasts?: number;
  /** The role that another key has signed. */
  readonly forged?: Role;
}

/** A TUF repository at loopback, with keys of its own: one for each role. */
export class TufRepository extends LoopbackService {
  readonly #keys = Object.fromEntries(ROLES.map((role) => [role, makeKey()])) as Record<Role, Key>;
  readonly #files = new Map<string, string>();
  /** The first root.json, by which the repository is trusted. */
  readonly root: string;

  constructor() {
    super();
    this.root = this.#rootOf(1);
  }

  protected answer(request: IncomingMessage, response: ServerResponse): void {
    const text = this.#files.get(decodeURIComponent(request.url ?? ""));
    response.writeHead(text === undefined ? 404 : 200).end(text);
  }

  /** Gives all this from now on, in the place of what it gave before. */
  publish({ target, version, lasts = DAY, forged }: Published): void {
    const expires = (from: number) => new Date(Date.now() + from).toISOString().replace(/\.\d+Z$/, "Z");
    const signed = (role: Exclude<Role, "root">, rest: object, ends = DAY) =>
      this.#signed(role, { version, expires: expires(ends), ...rest }, forged === role ? makeKey() : undefined);
    const targets = signed("targets", {
      targets: { "trusted_root.json": { length: target.length, hashes: { sha256: sha256(target) } } },
    });
    const snapshot = signed("snapshot", { meta: { "targets.json": { version } } });
    const timestamp = signed(
      "timestamp",
      { meta: { "snapshot.json": { version, length: snapshot.length, hashes: { sha256: sha256(snapshot) } } } },
      lasts,
    );
    this.#files.clear();
    this.#files.set("/timestamp.json", timestamp);
    this.#files.set(`/${version}.snapshot.json`, snapshot);
    this.#files.set(`/${version}.targets.json`, targets);
    this.#files.set(`/targets/${sha256(target)}.trusted_root.json`, target);
  }

  /** Gives a new root.json, signed by the root's key, or by another. */
  rotate(version: number, isForged = false): void {
    this.#files.set(`/${version}.root.json`, this.#rootOf(version, isForged ? makeKey() : undefined));
  }

  /** Cuts what it gives at the addresses that end so. */
  truncate(ending: string): void {
    for (const [path, text] of this.#files) if (path.endsWith(ending)) this.#files.set(path, text.slice(0, -10));
  }

  #rootOf(version: number, by?: Key): string {
    const keys = Object.values(this.#keys).map(({ id, publicHex }) => [
      id,
      { keytype: "ed25519", scheme: "ed25519", keyval: { public: publicHex } },
    ]);
    const roles = ROLES.map((role) => [role, { keyids: [this.#keys[role].id], threshold: 1 }]);
    const expires = "2040-01-01T00:00:00Z";
    const body = { version, expires, consistent_snapshot: true };
    return this.#signed("root", { ...body, keys: Object.fromEntries(keys), roles: Object.fromEntries(roles) }, by);
  }

  /** @param by another key than the role's own */
  #signed(role: Role, body: object, by?: Key): string {
    const signed = { _type: role, spec_version: "1.0.31", ...body };
    const key = by ?? this.#keys[role];
    const signature = sign(null, Buffer.from(canonical(signed)), key.privateKey).toString("hex");
    return JSON.stringify({ signed, signatures: [{ keyid: this.#keys[role].id, sig: signature }] });
  }
}
