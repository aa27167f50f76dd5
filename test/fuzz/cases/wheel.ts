import { deflateRawSync } from "node:zlib";
import { formatOf } from "../format.ts";
import type { Random } from "../random.ts";
import { utf8 } from "./text.ts";
import {
  encodeWheel,
  extraField,
  numbers,
  zipMember,
  type Wheel,
  type ZipFields,
  type ZipMember,
} from "./zip-archive.ts";

const INFO = "demo-1.0.dist-info";

function sound(random: Random): Wheel {
  const stored = random.oneIn(3);
  const members = [
    ...(random.oneIn(3) ? [{ ...zipMember("demo/", ""), stored: true }] : []),
    zipMember("demo/__init__.py", "NAME = 'demo'\n".repeat(20)),
    zipMember("demo/empty.py", ""),
    zipMember(`${INFO}/METADATA`, "Metadata-Version: 2.4\nName: demo\nVersion: 1.0\n\nWhat it is.\n"),
    zipMember(`${INFO}/WHEEL`, "Wheel-Version: 1.0\nTag: py3-none-any\n"),
  ];
  return {
    members: stored ? members.map((member) => ({ ...member, stored: true })) : members,
    end: {},
    first: "",
    gap: "",
    before: "",
    record: (text) => text,
    last: [],
  };
}

const anyMember = ({ members }: Wheel, random: Random): ZipMember => {
  if (members.length === 0) members.push(zipMember("demo/new.py", "x"));
  return random.pick(members);
};

const put = ({ members }: Wheel, random: Random, member: ZipMember) =>
  void members.splice(random.below(members.length + 1), 0, member);

const NAMES = [
  "demo/new.py",
  "demo/__init__.py",
  "demo/new",
  "demo/new/",
  "demo/new.py/",
  "new.py",
  "demo/__init__.py/x.py",
  "demo//x.py",
  "demo/./x.py",
  "demo/../x.py",
  "../x.py",
  "/x.py",
  "C:/x.py",

  "demo/x.py.",
  "demo/x.py ",
  "demo/ x.py",
  "demo/NUL",
  "demo/con.py",
  "demo/a:b",
  "demo\\x.py",
  "demo/a\nb.py",
  "demo/x.py\0junk",
  "DEMO/__init__.py",
  utf8("demo/é.py"),
  utf8("demo/e\u0301.py"),
  "demo/\xff.py",
  "demo/\x82.py",
  'demo/a,"b.py',

  `${INFO}/METADATA`,
  `${INFO}/RECORD`,
  `${INFO}/RECORD.jws`,
  "other-1.0.dist-info/METADATA",
  "demo-1.0.data/scripts/x",
  "",
  "/",
  ".",
  "demo",
];

const EXTRAS = [
  extraField(0x7075, `\x01${numbers([4, 0])}demo/other.py`),
  extraField(0x5455, `\x01${numbers([4, 0])}`),
  extraField(0x000a, "\0".repeat(32)),
  extraField(0x0001, ""),
  extraField(0x0001, numbers([8, 5], [8, 5])),
  extraField(0x0001, numbers([8, 5])),
  extraField(0x0001, numbers([8, 0], [8, 0], [8, 0])),
  extraField(0xcafe, ""),
  extraField(0x9901, "\x02\0AE\x03\x08\0"),
  extraField(0x6375, `\x01${numbers([4, 0])}comment`),
  "\0",
  "\x01\0\xff\xff",
  "\x01\0\x04",
  `${extraField(0x5455, "a")}${extraField(0x5455, "b")}`,
];

const VALUES: { readonly [Field in keyof ZipFields]: readonly ZipFields[Field][] } = {
  needed: [0, 10, 19, 21, 45, 46, 51, 62, 63, 64, 255, 0x314],
  flags: [0, 1, 2, 4, 6, 8, 0x10, 0x20, 0x40, 0x800, 0x808, 0x2000, 0x8000],
  method: [0, 1, 8, 9, 12, 14, 93, 99, 0xffff],
  crc32: [0, 1, 0xffffffff],
  compressedSize: [0, 1, 5, 0xffffffff, 0xfffffffe],
  uncompressedSize: [0, 1, 5, 0xffffffff, 0xfffffffe],
  name: NAMES,
  extra: EXTRAS,
};

const FIELDS = Object.keys(VALUES) as (keyof ZipFields)[];

const END = numbers([4, 0x06054b50], [2, 0], [2, 0], [2, 0], [2, 0], [4, 0], [4, 0], [2, 0]);

/** Both sizes as ZIP64 has them, in one header or in both. */
function as64(model: Wheel, random: Random): void {
  const member = anyMember(model, random);
  const size = Buffer.byteLength(member.content, "latin1");
  const packed = member.stored ? size : deflateRawSync(Buffer.from(member.content, "latin1")).byteLength;
  const where = random.pick(["said", "local", "central"] as const);
  const [uncompressedSize, compressedSize] = random.pick([
    [0xffffffff, 0xffffffff],
    [0xffffffff, packed],
    [size, 0xffffffff],
    [size, packed],
  ] as const);
  const values = random.pick([[size, packed], [packed, size], [size], [size, packed, 0], [size + 1, packed]]);
  const value = numbers(...values.map((number) => [8, number] as const));
  member[where] = { ...member[where], uncompressedSize, compressedSize, extra: extraField(1, value) };
}

/** Wheels: ZIP archives. */
export const wheelCases = formatOf(
  sound,
  {
    "another field": (model, random) => {
      const member = anyMember(model, random);
      const field = random.pick(FIELDS);
      const where = random.pick(["said", "local", "central"] as const);
      member[where] = { ...member[where], [field]: random.pick<string | number>(VALUES[field]) };
    },
    "another number in both": (model, random) => {
      const member = anyMember(model, random);
      const field = random.pick(["needed", "flags", "method", "extra"] as const);
      member.said = { ...member.said, [field]: random.pick<string | number>(VALUES[field]) };
    },
    "another name": (model, random) => {
      anyMember(model, random).name = random.pick(NAMES);
    },
    "a member more": (model, random) =>
      put(model, random, zipMember(random.pick(NAMES), random.pick(["", "x", "y".repeat(300)]))),
    "a member again": (model, random) => {
      const member = anyMember(model, random);
      put(model, random, { ...member, ...(random.oneIn(2) && { content: "other = 1\n" }) });
    },
    ZIP64: as64,
    "a data descriptor": (model, random) => {
      const member = anyMember(model, random);
      const flags = 8 | (member.said.flags ?? 0);
      const sizes = numbers([4, 0], [4, 0], [4, 0]);
      member.behind = random.pick(["", sizes, numbers([4, 0x08074b50]) + sizes]);
      member.said = { ...member.said, flags };
      if (random.oneIn(2)) member.local = { ...member.local, crc32: 0, compressedSize: 0, uncompressedSize: 0 };
    },
    "other bytes": (model, random) => {
      const own = random.fork();
      anyMember(model, random).pack = own.pick<(packed: Buffer) => Buffer>([
        (packed) => Buffer.concat([packed, Buffer.from("junk")]),
        (packed) => Buffer.concat([packed, Buffer.from([3, 0])]),
        (packed) => packed.subarray(0, -1),
        () => Buffer.alloc(0),
        () => Buffer.from([3, 0]),
        (packed) => Buffer.concat([Buffer.from([0, 0, 0, 0xff, 0xff]), packed]),
        (packed) => {
          const copy = Buffer.from(packed);
          if (copy.length > 0) copy[own.below(copy.length)] = own.below(256);
          return copy;
        },
      ]);
    },
    "stored or not": (model, random) => {
      const member = anyMember(model, random);
      member.stored = !member.stored;
    },
    "bytes between": (model, random) => {
      const bytes = random.pick(["junk", "\0", "PK\x03\x04", "PK\x01\x02", END]);
      const member = anyMember(model, random);
      const at = random.below(5);
      if (at === 0) member.before = bytes;
      else if (at === 1) member.behind = bytes;
      else if (at === 2) model.first = bytes;
      else if (at === 3) model.gap = bytes;
      else model.before = bytes;
    },
    "another end": (model, random) => {
      const field = random.pick(["disk", "from", "here", "count", "length", "shift"] as const);
      model.end = { ...model.end, [field]: random.pick([0, 1, 2, 4, 5, 6, 7, 46, 0xffff, 0x7fffffff]) };
    },
    "a comment": (model, random) => {
      model.end.comment = random.pick(["a comment", END, "\0", `${END}x`, "x".repeat(200)]);
    },
    "ZIP64's end": (model) => {
      const count = model.members.length + 1;
      model.before =
        numbers(
          [4, 0x06064b50],
          [8, 44],
          [2, 45],
          [2, 45],
          [4, 0],
          [4, 0],
          [8, count],
          [8, count],
          [8, 100],
          [8, 100],
        ) + numbers([4, 0x07064b50], [4, 0], [8, 200], [4, 1]);
    },
    "what the directory says else": (model, random) => {
      const { central } = anyMember(model, random);
      const what = random.below(6);
      if (what === 0) central.madeBy = random.pick([0, 20, 0x0014, 0x0b14, 0x1314, 0x03ff]);
      else if (what === 1)
        central.mode = random.pick([0, 0o120777, 0o40755, 0o60644, 0o100755, 0o10644, 0o140644, 0o644]);
      else if (what === 2) central.disk = random.pick([1, 0xffff]);
      else if (what === 3) central.internal = 1;
      else if (what === 4) central.comment = random.pick(["x", END]);
      else central.shift = random.pick([-1, 1, 4, -40, 100]);
    },
    "RECORD quoted": (model) => {
      model.record = (text) => text.replaceAll(/[^,\n]+/g, (field) => `"${field}"`);
    },
    "RECORD with CRLF": (model) => {
      model.record = (text) => text.replaceAll("\n", "\r\n");
    },
    "another order": (model) => {
      model.members.reverse();
    },
    "a byte anywhere": (model, random) => {
      const own = random.fork();
      model.last.push((zip) => {
        const copy = Buffer.from(zip);
        // Where the directory is, more often than elsewhere.
        const at = own.oneIn(2) ? own.below(copy.length) : copy.length - 1 - own.below(Math.min(copy.length, 500));
        copy[at] = (copy[at] ?? 0) ^ (1 + own.below(255));
        return copy;
      });
    },
    "bytes behind all": (model, random) => {
      const own = random.fork();
      model.last.push((zip) => Buffer.concat([zip, Buffer.from(own.pick(["x", END, "\0".repeat(22)]), "latin1")]));
    },
  },
  encodeWheel,
);
