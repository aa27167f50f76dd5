import { badRequest, messageOf } from "../../errors.ts";
import { isWheel } from "../../pypi/filename.ts";
import { parseSdistFilename } from "../../pypi/sdist-name.ts";
import { parseWheelName } from "../../pypi/wheel-name.ts";
import { UnreadableWheel } from "../../repository/ranged-archive.ts";
import type { Distribution } from "../distribution.ts";
import { InvalidDistribution } from "./invalid-distribution.ts";
import { inspectSdist } from "./sdist.ts";
import type { StagedFile } from "../staged-file.ts";
import { inspectWheel } from "./wheel.ts";

/**
 * Checks an uploaded wheel or sdist from its first byte to its last, and returns what it says about itself. Throws
 * `bad-request` with what is wrong and what to do; errors of the store are passed on.
 *
 * @param filename as the uploader gave it
 */
export async function inspect(filename: string, staged: StagedFile): Promise<Distribution> {
  const inspected = isWheel(filename) ? wheel(filename) : sdist(filename);
  try {
    if (staged.size === 0) throw new InvalidDistribution("is empty");
    return await inspected(staged);
  } catch (error) {
    if (error instanceof UnreadableWheel)
      throw sentence(filename, new InvalidDistribution(`cannot be read: ${messageOf(error)}`));
    throw error instanceof InvalidDistribution ? sentence(filename, error) : error;
  }
}

function wheel(filename: string) {
  const name = parseWheelName(filename);
  return (staged: StagedFile) => inspectWheel(name, staged);
}

function sdist(raw: string) {
  const filename = parseSdistFilename(raw);
  return (staged: StagedFile) => inspectSdist(filename, staged);
}

const sentence = (filename: string, { message, remedy }: InvalidDistribution) =>
  badRequest(`${filename} ${message}; ${remedy}.`);
