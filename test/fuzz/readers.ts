import { htmlCases } from "./cases/html.ts";
import { metadataCases } from "./cases/metadata.ts";
import { recordCases } from "./cases/record.ts";
import { sdistCases } from "./cases/sdist.ts";
import { wheelCases } from "./cases/wheel.ts";
import { nameCases, orderCases, sdistNameCases, specifierCases, versionCases, wheelNameCases } from "./cases/words.ts";
import type { Format } from "./format.ts";
import {
  compareFiles,
  compareMetadata,
  comparePlain,
  compareRecords,
  compareSdistNames,
  compareSets,
  type Compare,
} from "./compare.ts";

export interface Reader {
  readonly format: Format;
  /** Its part of all cases. */
  readonly weight: number;
  /** Whether Python needs packaging and pip for it. */
  readonly needsPackaging: boolean;
  readonly compare: Compare;
  /** Whether its cases are texts, which can be made smaller character by character. */
  readonly isText: boolean;
}

const word = (format: Format, compare: Compare = comparePlain): Reader => ({
  format,
  weight: 5,
  needsPackaging: true,
  compare,
  isText: true,
});

/** Every reader of ours that is held against Python's. */
export const READERS = {
  sdist: { format: sdistCases, weight: 25, needsPackaging: false, compare: comparePlain, isText: false },
  wheel: { format: wheelCases, weight: 20, needsPackaging: false, compare: compareSets, isText: false },
  metadata: { format: metadataCases, weight: 15, needsPackaging: true, compare: compareMetadata, isText: true },
  record: { format: recordCases, weight: 10, needsPackaging: false, compare: compareRecords, isText: true },
  html: { format: htmlCases, weight: 15, needsPackaging: true, compare: compareFiles, isText: true },
  version: word(versionCases),
  order: word(orderCases),
  name: word(nameCases),
  specifiers: word(specifierCases),
  "wheel-name": word(wheelNameCases),
  "sdist-name": word(sdistNameCases, compareSdistNames),
} as const satisfies Readonly<Record<string, Reader>>;

export type ReaderName = keyof typeof READERS;
export const READER_NAMES = Object.keys(READERS) as ReaderName[];

const WEIGHT = READER_NAMES.reduce((sum, name) => sum + READERS[name].weight, 0);

/** How many of so many cases are this reader's. */
export const shareOf = (name: ReaderName, cases: number) => Math.ceil((cases * READERS[name].weight) / WEIGHT);
