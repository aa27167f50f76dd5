/** When an upstream's root listing was first seen to have serials up to this one. */
export interface SerialMark {
  readonly serial: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** So many fit into the metadata of an object. */
const MAX_MARKS = 32;

/**
 * The marks with that of a listing which was just fetched, oldest first. Where there are too many, one between two others is left out:
 * what it stood for counts as seen with the next one, which is later. So a mirror may ask for a project once more, and never misses one.
 *
 * @param serial the listing's own; one that is lower than the last begins anew, because the upstream counts anew
 * @param now milliseconds since the epoch
 */
export function withMark(marks: readonly SerialMark[], serial: number, now: number): readonly SerialMark[] {
  const last = marks.at(-1);
  if (last?.serial === serial) return marks;
  if (!last || serial < last.serial || now <= last.at) return [{ serial, at: now }];
  const all = [...marks, { serial, at: now }];
  return all.length <= MAX_MARKS ? all : all.toSpliced(leastMissed(all, now), 1);
}

/** The mark whose neighbours are nearest to each other, measured by its age: the first and the last stay. */
function leastMissed(marks: readonly SerialMark[], now: number): number {
  let [least, found] = [Infinity, 1];
  for (const [nth, { at }] of marks.slice(1, -1).entries()) {
    const gap = ((marks[nth + 2]?.at ?? now) - (marks[nth]?.at ?? 0)) / (now - at);
    if (gap < least) [least, found] = [gap, nth + 1];
  }
  return found;
}

/** When a serial was first seen at the latest, in milliseconds since the epoch; undefined where there are no marks. */
export function seenAt(marks: readonly SerialMark[], serial: number): number | undefined {
  return (marks.find((mark) => serial <= mark.serial) ?? marks.at(-1))?.at;
}

/** The marks as text, for an object's metadata. */
export const marksText = (marks: readonly SerialMark[]) =>
  marks.map(({ serial, at }) => `${serial.toString(36)}.${at.toString(36)}`).join(" ");

/** Reads the marks back; what is none is left out. */
export const marksIn = (text = ""): SerialMark[] =>
  text.split(" ").flatMap((pair) => {
    const [serial = Number.NaN, at = Number.NaN] = pair.split(".").map((part) => Number.parseInt(part, 36));
    return Number.isSafeInteger(serial) && Number.isSafeInteger(at) ? [{ serial, at }] : [];
  });
