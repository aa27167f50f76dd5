import type * as z from "zod/mini";
import {
  beginCarried,
  carriedLists,
  carriedManifest,
  carriedPage,
  endText,
  MAX_CARRIED_ADVISORIES,
  MAX_CARRIED_JSON,
  type CarriedManifest,
  type CarriedState,
  type MemberKind,
} from "../../schema/carried.ts";
import type { CarriedKey } from "../../schema/carried-keys.ts";
import type { Author, NewAuditEntry } from "../auth/audit-entry.ts";
import { IndexError } from "../errors.ts";
import type { ProjectName } from "../pypi/name.ts";
import { parsedJson } from "../pypi/parsed-json.ts";
import type { Context } from "../repository/context.ts";
import { sha256 } from "../repository/sha256.ts";
import type {
  CarriedEntries,
  CarriedObjects,
  CarriedStep,
  CarriedSteps,
  NeededObject,
  NumberedMember,
} from "./ports.ts";
import { createSigners } from "./signers.ts";
import { gathered, verified } from "./verified.ts";

/** What receives for one source. */
export interface ReceivingParts {
  /** The source's name in the configuration. */
  readonly source: string;
  readonly keys: readonly CarriedKey[];
  readonly steps: CarriedSteps;
  readonly objects: CarriedObjects;
  readonly entries: CarriedEntries;
  /** Puts an index of advisories in the place of the one that is loaded. Throws `unprocessable` where it is none. */
  readonly loadAdvisories: (file: Uint8Array, audit: NewAuditEntry, now: number) => Promise<unknown>;
}

/** The index at whose address a step is received, and who sends it. */
export interface Sender {
  readonly author: Author;
  readonly index: string;
  /** Whether it has a policy of its own, whose lists have an effect. */
  readonly hasPolicy: boolean;
}

/** Takes steps that were carried here, member by member. */
export interface StepReceiver {
  state(): Promise<CarriedState>;
  /**
   * Begins the next step, or goes on with it.
   *
   * @param body as `beginCarried` has it
   * @throws IndexError `unprocessable` where the signature or the manifest is wrong, `not-next` where another step is due
   */
  begin(body: unknown, sender: Sender, ctx: Context): Promise<CarriedState>;
  /** A member of the open step. Throws `not-next` where no step is open, `no-such-route` where it has no such member. */
  member(number: number): Promise<NumberedMember>;
  /**
   * Takes a member. It counts once all of it is stored.
   *
   * @param chunks its bytes: as many as it has, or they throw; a chunk's memory may be reused when the next one is asked for
   * @throws IndexError `unprocessable` where the bytes are others than the manifest says or are not what they should be,
   *   `not-next` where something that it needs is not here, `storage-failed`
   */
  take(member: NumberedMember, chunks: AsyncIterable<Uint8Array>, sender: Sender, ctx: Context): Promise<void>;
  /** Ends the step, whose members are all there. Throws `not-next` where some are missing. */
  end(sender: Sender, ctx: Context): Promise<CarriedState>;
}

export function createReceiver({
  source,
  keys,
  steps,
  objects,
  entries,
  loadAdvisories,
}: ReceivingParts): StepReceiver {
  const signers = createSigners(source, keys);

  async function state(): Promise<CarriedState> {
    const { whole, open } = await steps.last();
    return {
      source,
      chain: (whole ?? open)?.chain ?? null,
      sequence: whole?.sequence ?? 0,
      manifest: whole?.manifest ?? null,
      at: whole ? new Date(whole.exportedAt).toISOString() : null,
      open: open
        ? { sequence: open.sequence, manifest: open.manifest, members: open.members, missing: await steps.missing() }
        : null,
    };
  }

  async function openStep(): Promise<CarriedStep> {
    const { open } = await steps.last();
    if (open) {
      signers.demandCounts(open);
      return open;
    }
    throw notNext("No step is under way: send its manifest first.");
  }

  const auditOf = (
    action: NewAuditEntry["action"],
    { author, index }: Sender,
    step: Pick<CarriedStep, "sequence" | "chain">,
    details: NewAuditEntry["details"],
  ): NewAuditEntry => ({
    ...author,
    action,
    index,
    project: "",
    subject: stepText(step),
    details: { source, ...details },
  });

  async function takePage(member: NumberedMember, bytes: Uint8Array, now: number): Promise<boolean> {
    const page = checked(carriedPage, bytes, `The page of ${member.key}`);
    if (page.name !== member.key) throw unprocessable(`The page of ${member.key} is one of ${page.name}.`);
    if (await steps.lacksRules()) {
      throw notNext(
        "The advisories or lists of this step are not here yet: they come before its pages, so that none is shown without them.",
      );
    }
    const lacking = await steps.lacking(page.files.flatMap(neededFor));
    if (lacking) {
      const file = page.files.find(({ hashes }) => hashes.sha256 === lacking.file)?.filename ?? lacking.file;
      const what = lacking.kind === "file" ? file : `the ${lacking.kind} of ${file}`;
      throw notNext(
        `The page of ${member.key} lists ${what}, which is not here: files come before the pages that name them.`,
      );
    }
    await objects.store(member.sha256, member.size, once(bytes));
    return steps.notePage(member, page.name as ProjectName, now);
  }

  async function takeLists(member: NumberedMember, bytes: Uint8Array, sender: Sender, now: number): Promise<boolean> {
    const { entries: carried } = checked(carriedLists, bytes, "The lists");
    if (carried.length > 0 && !sender.hasPolicy) {
      throw unprocessable(
        `The step has lists, and ${sender.index} has no policy of its own, so that they would have no effect: give it one in the configuration, [vars.INDEXES.${sender.index}.policy], which may be empty.`,
      );
    }
    const step = await openStep();
    const audit = auditOf("carried.lists", sender, step, { entries: carried.length });
    const rows = carried.map(({ expires, ...entry }) => ({
      ...entry,
      until: expires === null ? null : Date.parse(expires),
    }));
    await entries.replace(sender.index, rows, audit, now);
    return steps.note(member);
  }

  async function takeAdvisories(member: NumberedMember, bytes: Uint8Array, sender: Sender, now: number) {
    await loadAdvisories(bytes, auditOf("advisories.load", sender, await openStep(), {}), now);
    return steps.note(member);
  }

  async function takeEnd(member: NumberedMember, bytes: Uint8Array): Promise<boolean> {
    if (new TextDecoder().decode(bytes) === endText(await openStep())) return steps.note(member);
    throw unprocessable("The closing member is one of another step.");
  }

  async function takeObject(member: NumberedMember, chunks: AsyncIterable<Uint8Array>, now: number): Promise<boolean> {
    const { kind, key, sha256: digest, size } = member;
    if (kind !== "file" && kind !== "metadata" && kind !== "provenance") throw unprocessable(`No member is a ${kind}.`);
    await objects.store(digest, size, chunks);
    return steps.noteObject({ ...member, kind, file: key }, now);
  }

  /** Of the kinds that are read as a whole, the most bytes, and what takes them. */
  const takers: Partial<Record<MemberKind, { readonly limit: number; readonly take: typeof takeLists }>> = {
    advisories: { limit: MAX_CARRIED_ADVISORIES, take: takeAdvisories },
    lists: { limit: MAX_CARRIED_JSON, take: takeLists },
    page: { limit: MAX_CARRIED_JSON, take: (member, bytes, _sender, now) => takePage(member, bytes, now) },
    end: { limit: MAX_END, take: takeEnd },
  };

  return {
    state,

    async begin(body, sender, ctx) {
      const { manifest: text, signature } = checkedValue(beginCarried, body, "The request");
      const bytes = new TextEncoder().encode(text);
      const signer = await signers.demandSigned(bytes, signature);
      const manifest = checked(carriedManifest, bytes, "The manifest");
      const digest = sha256(bytes);
      const { whole, open } = await steps.last();
      if (open?.manifest === digest) {
        if (open.signedBy !== signer.key) await steps.signedBy(digest, signer.key);
        return state();
      }
      requireNext(manifest, whole);
      const { index: from, members } = manifest;
      await steps.begin(
        manifest,
        { digest, signedBy: signer.key },
        auditOf("carried.begin", sender, manifest, {
          from,
          manifest: digest,
          key: signer.name,
          members: members.length,
        }),
        ctx.now,
      );
      return state();
    },

    async member(number) {
      const { members } = await openStep();
      const member = await steps.member(number);
      if (member) return member;
      throw new IndexError("no-such-route", `The step has the members 1 to ${members}.`);
    },

    async take(member, chunks, sender, { now }) {
      const sound = verified(chunks, member);
      const taker = takers[member.kind];
      const isTaken = taker
        ? await taker.take(member, await gathered(sound, member, taker.limit), sender, now)
        : await takeObject(member, sound, now);
      if (isTaken) return;
      throw notNext(
        "Another import has ended this step, or begun another one, meanwhile. Run the import again: what has arrived is not sent again.",
      );
    },

    async end(sender, { now }) {
      const step = await openStep();
      const [first] = await steps.missing();
      if (first) throw notNext(`Step ${step.sequence} is not whole: member ${first[0]} is missing.`);
      const audit = auditOf("carried.end", sender, step, { manifest: step.manifest, members: step.members });
      if (!(await steps.end(step.manifest, audit, now)))
        throw notNext("The step has changed meanwhile; ask for its state.");
      return state();
    },
  };
}

/** Throws `not-next` where a manifest is not the one that is due. */
function requireNext(manifest: CarriedManifest, whole: CarriedStep | undefined): void {
  const { sequence, chain, before } = manifest;
  const due = (whole?.sequence ?? 0) + 1;
  if (whole && chain !== whole.chain) {
    throw notNext(
      `This is a step of another chain of exports, ${chain.slice(0, 8)}; what is here comes from ${whole.chain.slice(0, 8)}. Another chain needs a source of its own.`,
    );
  }
  if (sequence < due) {
    throw notNext(`Step ${sequence} was imported already; the next one is step ${due}.`);
  }
  if (sequence > due) {
    const missing = sequence === due + 1 ? `step ${due} is missing` : `steps ${due} to ${sequence - 1} are missing`;
    throw notNext(`This is step ${sequence}, and ${missing}: import in order.`);
  }
  if (before !== (whole?.manifest ?? null)) {
    throw notNext(
      `This step ${sequence} follows another step ${sequence - 1} than the one that is here: it was exported since something else.`,
    );
  }
}

/** The closing member's. Bytes. */
const MAX_END = 100;

const stepText = ({ sequence, chain }: Pick<CarriedStep, "sequence" | "chain">) =>
  `step ${sequence} of ${chain.slice(0, 8)}`;

/** What a file on a page needs to be here. */
function neededFor(file: z.infer<typeof carriedPage>["files"][number]): NeededObject[] {
  const { hashes, "core-metadata": metadata, provenance } = file;
  const of = hashes.sha256;
  return [
    { kind: "file", file: of, sha256: of },
    ...(metadata ? [{ kind: "metadata" as const, file: of, sha256: metadata.sha256 }] : []),
    ...(provenance ? [{ kind: "provenance" as const, file: of, sha256: provenance.sha256 }] : []),
  ];
}

async function* once(bytes: Uint8Array) {
  if (bytes.byteLength > 0) yield bytes;
}

const checked = <Value>(schema: z.ZodMiniType<Value>, bytes: Uint8Array, what: string): Value =>
  checkedValue(schema, parsedJson(new TextDecoder().decode(bytes)), what);

function checkedValue<Value>(schema: z.ZodMiniType<Value>, value: unknown, what: string): Value {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const at = issue?.path.join(".") ?? "";
  throw unprocessable(`${what} cannot be read: ${at === "" ? "it" : at} ${issue?.message ?? "is wrong"}.`);
}

const notNext = (sentence: string) => new IndexError("not-next", sentence);

const unprocessable = (sentence: string) => new IndexError("unprocessable", sentence);
