import type { Random } from "../random.ts";
import { BLOCK, memberOf, octal, record, type TarMember } from "./tar-archive.ts";
import { utf8 } from "./text.ts";

/** The one directory of an sdist. */
export const TOP = "demo-1.0";

const NAMES = [
  "setup.py",
  "demo.py",
  "PKG-INFO",
  "new.py",
  "new.py/",
  "dir/new.py",
  "demo.py/below.py",
  "./new.py",
  "a//b.py",
  "a/./b.py",
  "a/../b.py",
  "..",
  "",

  "new.py.",
  "new.py ",
  " new.py",
  "NUL",
  "con.txt",
  "a:b",
  "a\\b",
  "a\nb",
  "SETUP.py",
  utf8("é.py"),
  utf8("e\u0301.py"),
  "\xff.py",
  "new.py\0junk",
  "x".repeat(90),
].map((name) => `${TOP}/${name}`);
const OTHERS = [
  "/etc/passwd",
  "../up.py",
  "",
  ".",
  "demo-1.0",
  "demo-1.0/",
  "./demo-1.0/new.py",
  "other/new.py",
  "C:/x",
  "PaxHeader",
];
/** A name for a member, likely one that readers may take for another. */
export const anyName = (random: Random) => (random.oneIn(5) ? random.pick(OTHERS) : random.pick(NAMES));

/** Other ways to write a number, among them those that only some readers take. */
export const numbers = (random: Random, own: string, width: number) => {
  const digits = own.replace(/[^0-7]/g, "");
  const plain = digits.replace(/^0+(?=.)/, "");
  return random.pick([
    digits.padStart(width, "0"),
    `${plain}\0junk`,
    `${plain} junk`,
    `${plain}x`,
    ` ${plain}`.padEnd(width, " "),
    plain.padStart(width - 1, " ").concat("\0"),
    `+${plain}\0`,
    `-${plain}\0`,
    `0o${plain}\0`,
    `0_${plain}\0`,
    `0x${plain}\0`,
    `${plain}\0${plain}`,
    `\0${plain}`,
    "",
    " ".repeat(width),
    `${plain}8\0`,
    `${plain}\t\0`,
    `\t${plain}\0`,
    `\n${plain}\0`,
    `${plain}\n`,
    `${plain}\x0b\x0c`,
    `${plain}${"\x1c".repeat(2)}`,
    `${plain}\xa0`,
    binary(Number.parseInt(plain || "0", 8), width),
    `\xff${"\xff".repeat(width - 2)}\x01`,
    `\x80${"\0".repeat(width - 2)}\x05`,
    `${octal(7, width - 1)}\0`,
    `${octal(BLOCK, width - 1)}\0`,
    `7${"7".repeat(width - 1)}`,
  ]);
};

/** GNU's way: base 256. */
const binary = (value: number, width: number) =>
  `\x80${String.fromCharCode(
    ...Buffer.from(
      value
        .toString(16)
        .padStart(2 * (width - 1), "0")
        .slice(-2 * (width - 1)),
      "hex",
    ),
  )}`;

const records = (random: Random): string => {
  const name = random.pick(NAMES);
  return random.pick([
    record("path", name),
    record("path", ""),
    record("path", `${name}\0x`),
    record("path", "a\nb"),
    record("linkpath", random.pick(["demo.py", "../demo.py", `${TOP}/demo.py`, "/etc/passwd"])),
    record("size", String(random.pick([0, 5, 14, 59, 512, 560, 1024]))),
    record("size", random.pick(["", "-1", " 5", "5 ", "0x5", "5.0", "1_0", "05", "+5", "9".repeat(20)])),
    record("mtime", random.pick(["1.5", "-1", "x", "nan", "1e9"])),
    record("uid", random.pick(["0", "x", "-5"])),
    record("hdrcharset", random.pick(["ISO-IR 10646 2000 UTF-8", "BINARY", "x"])),
    record("comment", "a comment"),
    record("GNU.sparse.major", "1"),
    record("GNU.sparse.name", name),
    record("GNU.sparse.size", "5"),
    record("GNU.sparse.realsize", "5"),
    record("GNU.sparse.map", "0,5"),
    record("SCHILY.xattr.user.x", "\0\xff"),
    record("charset", "utf-16"),
    record("Path", name),
    record(" path", name),
    record("path ", name),
    record("VENDOR.x", "a=b"),
    `0${record("path", name)}`,
    record("path", name).replace("\n", ""),
    `${record("path", name)}\0\0`,
    record("path", name).replace(/^\d+/, (length) => String(Number(length) + random.pick([-1, 1, 10, -9]))),
    record("path", name).replace(" ", "\t"),
    `+${record("comment", "x")}`,
    "5 x=\n",
    "6 =xx\n",
    "0 \n",
    "",
  ]);
};

/** An extended header of POSIX, with what only some readers heed. */
export const extension = (random: Random): TarMember => {
  const type = random.pick(["x", "x", "x", "g", "X"]);
  return memberOf(
    random.pick(["PaxHeader", `${TOP}/PaxHeaders/x`, "././@PaxHeader"]),
    records(random) + (random.oneIn(3) ? records(random) : ""),
    {
      type,
    },
  );
};

/** A long name of GNU. */
export const long = (random: Random): TarMember => {
  const name = anyName(random);
  const content = random.pick([
    `${name}\0`,
    name,
    `${name}\0junk\0`,
    "",
    "\0",
    `${"d/".repeat(60)}${name}\0`,
    `${TOP}/${"y".repeat(150)}.py\0`,
  ]);
  return memberOf("././@LongLink", content, {
    type: random.pick(["L", "L", "K"]),
    ...(random.oneIn(2) && { magic: "ustar  \0" }),
  });
};
