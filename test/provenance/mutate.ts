import { provenanceObject } from "../../schema/provenance.ts";
import type { Random } from "../fuzz/random.ts";

type Json = Record<string, unknown>;

/** A place in a JSON value: the object or array, and the member. */
interface Place {
  readonly holder: Json;
  readonly member: string;
}

const isHolder = (value: unknown): value is Json => typeof value === "object" && value !== null;

function placesIn(value: unknown): Place[] {
  if (!isHolder(value)) return [];
  return Object.entries(value).flatMap(([member, inner]) => [{ holder: value, member }, ...placesIn(inner)]);
}

const valueAt = ({ holder, member }: Place) => holder[member];

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (it) => it.codePointAt(0) ?? 0);
const textOf = (bytes: Uint8Array) => [...bytes].map((byte) => String.fromCodePoint(byte)).join("");

const isBase64 = (value: unknown): value is string =>
  typeof value === "string" && value.length >= 16 && /^[A-Za-z0-9+/]+={0,2}$/.test(value);

/** A base64 text with its bytes changed. */
function rewritten(random: Random, text: string): string {
  const bytes = bytesOf(text);
  const at = random.below(bytes.length);
  const byte = bytes[at] ?? 0;
  switch (random.below(5)) {
    case 0:
      return btoa(textOf(bytes.subarray(0, at)));
    case 1:
      return btoa(textOf(bytes) + textOf(bytes.subarray(at)));
    case 2:
      return btoa(
        textOf(bytes).replace(/sha256|0\.0\.1|dsse/, (it) => ({ sha256: "sha512", dsse: "intoto" })[it] ?? "0.0.2"),
      );
    case 3:
      bytes[at] = random.below(256);
      return btoa(textOf(bytes));
    default:
      bytes[at] = byte ^ (1 << random.below(8));
      return btoa(textOf(bytes));
  }
}

type Mutation = (random: Random, place: Place, other: unknown) => void;

const set = ({ holder, member }: Place, value: unknown) => void (holder[member] = value);

const MUTATIONS: readonly Mutation[] = [
  (random, place) => {
    const value = valueAt(place);
    if (isBase64(value)) set(place, rewritten(random, value));
    else if (typeof value === "string") set(place, value.slice(0, random.below(value.length)) + value.slice(1));
    else set(place, random.below(3));
  },
  (_, { holder, member }) => void (Array.isArray(holder) ? holder.splice(Number(member), 1) : delete holder[member]),
  (random, place, other) => {
    const others = placesIn(other).filter(({ member }) => member === place.member);
    if (others.length > 0) set(place, valueAt(random.pick(others)));
  },
  (_, { holder, member }) => {
    if (Array.isArray(holder)) holder.push(structuredClone(holder[Number(member)]));
    else holder[member] = [holder[member], holder[member]];
  },
  (random, place) => set(place, "A".repeat(random.pick([100, 8_192, 200_000]))),
  (random, place) => {
    const value = valueAt(place);
    if (value === undefined) return;
    const most = 1 + Math.floor(500_000 / JSON.stringify(value).length);
    set(
      place,
      Array.from({ length: Math.min(random.pick([5, 65, 5_000]), most) }, () => value),
    );
  },
  (random, place) => {
    let deep: unknown = valueAt(place);
    for (let depth = random.pick([1, 50, 1_000]); depth > 0; depth -= 1) deep = depth % 2 ? [deep] : { deep };
    set(place, deep);
  },
  (random, place) => {
    const value = valueAt(place);
    if (typeof value !== "string") return;
    set(
      place,
      random.pick([
        value.replaceAll("+", "-").replaceAll("/", "_"),
        `${value}\n`,
        ` ${value}`,
        value.replaceAll("=", ""),
        `${value}=`,
        value.toLowerCase(),
        `${value}\u0000`,
        value.replace("A", "\u0410"),
        btoa(encodeURIComponent(value)),
      ]),
    );
  },
  (random, place) =>
    set(place, random.pick([null, true, -1, 0.5, 1e300, "", [], {}, "0", "-1", "99999999999999999999"])),
];

/** What an object says to a verifier. What is not signed and not read is left out. */
function meaningOf(text: string): string | undefined {
  try {
    const { data } = provenanceObject.safeParse(JSON.parse(text));
    return JSON.stringify(
      data?.attestation_bundles.map(
        ({ publisher: { kind, repository, workflow, workflow_filepath: path }, attestations }) => [
          [kind, repository, workflow, path],
          attestations.map(({ verification_material: { transparency_entries: entries, ...material }, ...rest }) => [
            rest,
            material,
            entries.map(({ inclusionPromise, ...entry }) => [entry, inclusionPromise ?? null]),
          ]),
        ],
      ),
    );
  } catch {
    return undefined;
  }
}

/** A provenance object that says something else than `text` does, or that cannot be read. The same for one seed. */
export function mutated(random: Random, text: string, others: readonly string[]): string {
  const meaning = meaningOf(text);
  for (;;) {
    const value: unknown = JSON.parse(text);
    const places = placesIn(value);
    for (let left = 1 + random.below(2); left > 0; left -= 1) {
      random.pick(MUTATIONS)(random, random.pick(places), JSON.parse(random.pick(others)));
    }
    let made = JSON.stringify(value);
    if (random.oneIn(10)) made = made.slice(0, random.below(made.length));
    if (random.oneIn(10)) {
      const at = random.below(made.length);
      made = `${made.slice(0, at)}${String.fromCodePoint(32 + random.below(95))}${made.slice(at + 1)}`;
    }
    if (meaningOf(made) === undefined || meaningOf(made) !== meaning) return made;
  }
}
