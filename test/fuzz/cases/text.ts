import type { Random } from "../random.ts";

/** A text that is changed: bytes as characters from 0 to 255, so that what is not UTF-8 can be made too. */
export interface Text {
  text: string;
}

/** A text as its UTF-8 bytes, one character each. */
export const utf8 = (text: string) => Buffer.from(text, "utf8").toString("latin1");

export const encodeText = ({ text }: Text): Uint8Array => Buffer.from(text, "latin1");

const ENDS = ["\n", "\r\n", "\r", "\n\n", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", utf8("\u0085"), utf8("\u2028")];

const spliced = (text: string, at: number, gone: number, put: string) =>
  text.slice(0, at) + put + text.slice(at + gone);

/** The places where a line begins, the text's end among them. */
const starts = (text: string) => [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];

/**
 * What is done to any text.
 *
 * @param tokens what the format's readers look for, to be put in anywhere
 */
export function textChanges(tokens: readonly string[]) {
  const coded = tokens.map(utf8);
  return {
    "token put in": (model: Text, random: Random) => {
      model.text = spliced(model.text, random.below(model.text.length + 1), 0, random.pick(coded));
    },
    "token in place of a character": (model: Text, random: Random) => {
      model.text = spliced(model.text, random.below(model.text.length), 1, random.pick(coded));
    },
    "token at a line's beginning": (model: Text, random: Random) => {
      model.text = spliced(model.text, random.pick(starts(model.text)), 0, random.pick(coded));
    },
    "token at a line's end": (model: Text, random: Random) => {
      const at = random.pick(starts(model.text)) - 1;
      if (at >= 0) model.text = spliced(model.text, at, 0, random.pick(coded));
    },
    "characters taken out": (model: Text, random: Random) => {
      model.text = spliced(model.text, random.below(model.text.length), 1 + random.below(6), "");
    },
    "any byte": (model: Text, random: Random) => {
      const byte = String.fromCharCode(random.below(256));
      model.text = spliced(model.text, random.below(model.text.length), random.below(2), byte);
    },
    "another line end": (model: Text, random: Random) => {
      const at = random.pick(starts(model.text)) - 1;
      if (at >= 0) model.text = spliced(model.text, at, 1, random.pick(ENDS));
    },
    "all line ends": (model: Text, random: Random) => {
      model.text = model.text.replaceAll("\n", random.pick(ENDS));
    },
    "a line twice": (model: Text, random: Random) => {
      const lines = model.text.split("\n");
      lines.splice(random.below(lines.length), 0, random.pick(lines));
      model.text = lines.join("\n");
    },
    "a line less": (model: Text, random: Random) => {
      const lines = model.text.split("\n");
      lines.splice(random.below(lines.length), 1);
      model.text = lines.join("\n");
    },
  };
}
