import * as z from "zod/mini";
import { DAY } from "../worker/duration.ts";
import { ageOf, type PolicyConfig } from "./policy.ts";

/** A view of an index: what it restricts. */
export interface View {
  /** The segment of its addresses, in its one spelling: `@age=7d,pre=no`. */
  readonly segment: string;
  /** Milliseconds. */
  readonly age?: number;
  /** Milliseconds since the epoch. */
  readonly before?: number;
  readonly hidesPrereleases: boolean;
  readonly hidesYanked: boolean;
}

/** PyPI has files since then. */
const FIRST_DATE = Date.parse("2003-01-01");

/** Days. A bound of how many views there are: each has entries of its own in caches. */
const MAX_AGE = 365;

const KEYS = ["age", "before", "pre", "yanked"] as const;

type Read = Partial<Record<(typeof KEYS)[number], string>>;

/**
 * Reads the segment of a view's addresses: `@` and restrictions, of which each may be given once. Their number is bounded,
 * because anyone may ask for any of them: an age is in whole days, a date is a day that has come, and there is one of the
 * two.
 *
 * @param segment decoded; begins with `@`
 * @param now milliseconds since the epoch
 * @returns the view, or a sentence that says what is wrong
 */
export function readView(segment: string, now: number): View | string {
  const read: Read = {};
  for (const part of segment.slice(1).split(",")) {
    const at = part.indexOf("=");
    const key = KEYS.find((known) => known === part.slice(0, Math.max(at, 0)));
    if (!key) return MUST_BE;
    if (read[key] !== undefined) return `A view has ${key} once.`;
    read[key] = part.slice(at + 1);
  }
  if (read.age !== undefined && read.before !== undefined) return "A view has age or before, not both.";
  if ((read.pre ?? "no") !== "no" || (read.yanked ?? "no") !== "no") return MUST_BE;
  return timed(read, now);
}

function timed({ age, before, pre, yanked }: Read, now: number): View | string {
  const days = age === undefined ? undefined : ageOf(age) / DAY;
  if (days !== undefined && !(Number.isInteger(days) && days >= 1 && days <= MAX_AGE)) {
    return `The age of a view is in whole days, from 1d to ${MAX_AGE}d.`;
  }
  const date = before === undefined ? undefined : Date.parse(before);
  if (date !== undefined && !(z.iso.date().safeParse(before).success && date >= FIRST_DATE && date <= now)) {
    return "The date of a view is a day that has come, as in before=2026-01-31: what is uploaded later does not change what it has.";
  }
  const texts = [
    ...(days === undefined ? [] : [`age=${days}d`]),
    ...(before === undefined ? [] : [`before=${before}`]),
    ...(pre === undefined ? [] : ["pre=no"]),
    ...(yanked === undefined ? [] : ["yanked=no"]),
  ];
  return {
    segment: `@${texts.join(",")}`,
    ...(days !== undefined && { age: days * DAY }),
    ...(date !== undefined && { before: date }),
    hidesPrereleases: pre !== undefined,
    hidesYanked: yanked !== undefined,
  };
}

const MUST_BE =
  "A view is @ and restrictions with commas between them, as in /@before=2026-01-31,pre=no/simple/: age=7d or before=2026-01-31, pre=no, yanked=no.";

/** The policy by which an index shows a view, beside its own policies. It has no exceptions: a view shows the same to all. */
export const policyOfView = (index: string, { segment, age, before, ...hides }: View): PolicyConfig => ({
  index: `${index}/${segment}`,
  deny: [],
  allow: [],
  minAge: age,
  before,
  unknownTime: "hold",
  datesHosted: true,
  malware: undefined,
  vulnerable: undefined,
  onMissing: "allow",
  modes: {
    malware: "off",
    deny: "off",
    vulnerable: "off",
    before: before === undefined ? "off" : "enforce",
    "min-age": age === undefined ? "off" : "enforce",
    prerelease: hides.hidesPrereleases ? "enforce" : "off",
    yanked: hides.hidesYanked ? "enforce" : "off",
    status: "off",
    provenance: "off",
  },
});
