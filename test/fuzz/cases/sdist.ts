import { gzipSync } from "node:zlib";
import { formatOf } from "../format.ts";
import type { Random } from "../random.ts";
import { anyName, extension, long, numbers, TOP } from "./sdist-parts.ts";
import {
  BLOCK,
  checksumOf,
  encodeArchive,
  encodeMember,
  memberOf,
  octal,
  record,
  type Archive,
  type TarMember,
} from "./tar-archive.ts";

const LATE = Buffer.from(encodeMember(memberOf(`${TOP}/late.py`, "x")));
const INFO = "Metadata-Version: 2.4\nName: demo\nVersion: 1.0\n\nWhat it is.\n";

function sound(random: Random): Archive {
  const style = random.below(4);
  const members = [
    ...(style === 1 ? [memberOf(`${TOP}/`, "", { type: "5" })] : []),
    memberOf(`${TOP}/pyproject.toml`, "[build-system]\n"),
    memberOf(`${TOP}/demo.py`, "NAME = 'demo'\n".repeat(40)),
    ...(style === 2 ? [memberOf(`${TOP}/link.py`, "", { type: "2", linkname: "demo.py" })] : []),
    // As uv_build and others write names that are long or not ASCII.
    ...(style === 3
      ? [
          memberOf("PaxHeader", record("path", `${TOP}/long/${"x".repeat(120)}.py`), { type: "x" }),
          memberOf(`${TOP}/long/${"x".repeat(80)}`, "x = 1\n"),
        ]
      : []),
    memberOf(`${TOP}/PKG-INFO`, INFO),
  ];
  return { members, end: "\0".repeat(2 * BLOCK), last: [], packed: [] };
}

const anyMember = ({ members }: Archive, random: Random): TarMember => {
  if (members.length === 0) members.push(memberOf(`${TOP}/new.py`));
  return random.pick(members);
};

const put = ({ members }: Archive, random: Random, ...more: readonly TarMember[]) =>
  void members.splice(random.below(members.length + 1), 0, ...more);

const resized = (member: TarMember, content: string) => {
  member.content = content;
  member.size = `${octal(content.length, 11)}\0`;
};

const TYPES = "0 1 2 3 4 5 6 7 x g L K S D M V N A X a".split(" ").concat("\0", " ", "\xff");
const MAGICS = [
  "ustar\x0000",
  "ustar  \0",
  "\0".repeat(8),
  "ustar\x00  ",
  "ustar 00",
  "USTAR\x0000",
  "ustar\x0099",
  "GNUtar \0",
  "        ",
];

/** sdists: gzipped tar archives. */
export const sdistCases = formatOf(
  sound,
  {
    "an extended header": (model, random) => put(model, random, extension(random)),
    "a long name": (model, random) => put(model, random, long(random)),
    "an extended header padded with bytes": (model, random) => {
      const one = random.oneIn(2) ? extension(random) : long(random);
      one.padding = random.pick([
        record("path", `${TOP}/setup.py`),
        "junk",
        "\0\0junk",
        `\n${record("size", "0")}`,
        "\0".repeat(200) + record("path", "x"),
      ]);
      put(model, random, one);
    },
    "padding with bytes in it": (model, random) => {
      anyMember(model, random).padding = random.pick([
        "junk",
        "\0junk",
        "\0".repeat(100),
        record("path", `${TOP}/setup.py`),
      ]);
    },
    "two extensions": (model, random) =>
      put(model, random, random.oneIn(2) ? long(random) : extension(random), extension(random)),
    "an extended header of another size": (model, random) => {
      const one = extension(random);
      one.size = `${octal(Math.max(0, one.content.length + random.pick([-3, -1, 1, 3, 512])), 11)}\0`;
      put(model, random, one);
    },
    "another name": (model, random) => {
      anyMember(model, random).name = anyName(random);
    },
    "another type": (model, random) => {
      anyMember(model, random).type = random.pick(TYPES);
    },
    "another magic": (model, random) => {
      anyMember(model, random).magic = random.pick(MAGICS);
    },
    "a prefix": (model, random) => {
      anyMember(model, random).prefix = random.pick([
        TOP,
        `${TOP}/`,
        "x",
        "/",
        ".",
        "..",
        "\0junk",
        `${TOP}\0junk`,
        "x".repeat(155),
      ]);
    },
    "a name in two parts": (model, random) => {
      const member = anyMember(model, random);
      member.prefix = TOP;
      member.name = member.name.replace(`${TOP}/`, "");
    },
    "a size written otherwise": (model, random) => {
      const member = anyMember(model, random);
      member.size = numbers(random, member.size, 12);
    },
    "a number written otherwise": (model, random) => {
      const member = anyMember(model, random);
      const [field, width] = random.pick([
        ["mode", 8],
        ["uid", 8],
        ["gid", 8],
        ["mtime", 12],
        ["devmajor", 8],
        ["devminor", 8],
      ] as const);
      member[field] = numbers(random, member[field], width);
    },
    "a checksum written otherwise": (model, random) => {
      const member = anyMember(model, random);
      member.checksum = numbers(random, checksumOf(member), 8);
    },
    "another size": (model, random) => {
      const member = anyMember(model, random);
      member.size = `${octal(Math.max(0, member.content.length + random.pick([-512, -1, 1, 512, 5])), 11)}\0`;
    },
    "a link": (model, random) =>
      put(
        model,
        random,
        memberOf(anyName(random), "", {
          type: random.pick(["1", "2"]),
          linkname: random.pick([
            "demo.py",
            "./demo.py",
            "../demo.py",
            "../../x",
            "/x",
            "a/../demo.py",
            "",
            ".",
            "..",
            `${TOP}/demo.py`,
            `${TOP}/./demo.py`,
            `./${TOP}/demo.py`,
            `${TOP}/missing`,
            "demo.py\0x",
            "demo.py/",
            "a\\b",
            "\xff",
          ]),
        }),
      ),
    "a member again": (model, random) => {
      const member = anyMember(model, random);
      put(model, random, random.oneIn(2) ? { ...member } : { ...memberOf(member.name, "other = 1\n") });
    },
    "a member more": (model, random) =>
      put(model, random, memberOf(anyName(random), random.pick(["", "x\n", "y".repeat(512), "z".repeat(600)]))),
    "a directory": (model, random) =>
      put(
        model,
        random,
        memberOf(anyName(random), random.pick(["", "", "x"]), { type: random.pick(["5", "5", "\0", "0"]) }),
      ),
    "a hidden member": (model, random) => {
      // A member that is the content of one whose size readers may take for zero.
      const inner = Buffer.from(encodeMember(memberOf(`${TOP}/hidden.py`, "hidden = 1\n"))).toString("latin1");
      const outer = memberOf(anyName(random), inner, {
        type: random.pick(["0", "1", "2", "5", "\0", "3", "D", "V", "M", "S"]),
      });
      if (random.oneIn(2)) outer.size = random.pick([`${octal(0, 11)}\0`, numbers(random, outer.size, 12)]);
      put(model, random, outer);
    },
    "another order": (model, random) => {
      model.members.reverse();
      const [first] = model.members.splice(random.below(model.members.length), 1);
      if (first) model.members.push(first);
    },
    "a member less": (model, random) => {
      model.members.splice(random.below(model.members.length), 1);
    },
    "another content": (model, random) =>
      resized(anyMember(model, random), random.pick(["", "x", "\0".repeat(512), "x".repeat(512), "\0".repeat(1024)])),
    "an empty block between": (model, random) => {
      const member = anyMember(model, random);
      member.content += "\0".repeat(random.pick([512, 1024]));
    },
    "another end": (model, random) => {
      model.end = random.pick([
        "",
        "\0".repeat(512),
        "\0".repeat(513),
        "\0".repeat(10_240),
        `${"\0".repeat(1024)}junk`,
        `${"\0".repeat(512)}${"x".repeat(512)}`,
        "x".repeat(512),
        `${"\0".repeat(1024)}${LATE.toString("latin1")}`,
      ]);
    },
    "bits turned in a header": (model, random) => {
      const { flips } = anyMember(model, random);
      for (let left = 1 + random.below(3); left > 0; left--)
        flips.push({ at: random.below(BLOCK), mask: 1 + random.below(255) });
    },
    "a byte anywhere": (model, random) => {
      const own = random.fork();
      model.last.push((tar) => flipped(tar, own.below(tar.byteLength), 1 + own.below(255)));
    },
    cut: (model, random) => {
      const own = random.fork();
      model.last.push((tar) => tar.subarray(0, own.below(tar.byteLength)));
    },
    "another gzip": (model, random) => {
      const own = random.fork();
      const change = own.pick<(gzip: Uint8Array) => Uint8Array>([
        (gzip) => Buffer.concat([gzip, gzipSync(LATE)]),
        (gzip) => Buffer.concat([gzipSync(LATE), gzip]),
        (gzip) => Buffer.concat([gzip, Buffer.alloc(8)]),
        (gzip) => Buffer.concat([gzip, Buffer.from("junk")]),
        (gzip) => gzip.subarray(0, -1 - own.below(12)),
        (gzip) => flipped(gzip, gzip.byteLength - 1 - own.below(8), 1),
        (gzip) => flipped(gzip, own.below(10), 1 + own.below(255)),
        (gzip) =>
          Buffer.concat([
            gzip.subarray(0, 3),
            Buffer.from([0x08]),
            gzip.subarray(4, 10),
            Buffer.from("name.tar\0"),
            gzip.subarray(10),
          ]),
        (gzip) =>
          Buffer.concat([
            gzip.subarray(0, 3),
            Buffer.from([0x04]),
            gzip.subarray(4, 10),
            Buffer.from([2, 0, 1, 1]),
            gzip.subarray(10),
          ]),
        (gzip) => Buffer.concat([gzipSync(Buffer.alloc(0)), gzip]),
      ]);
      model.packed.push(change);
    },
  },
  encodeArchive,
);

function flipped(bytes: Uint8Array, at: number, mask: number): Uint8Array {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ mask;
  return copy;
}
