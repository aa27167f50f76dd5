import { createHash } from "node:crypto";
import { buildWheel } from "../../../../cli/demo/wheel.ts";
import { HOSTILE_READMES } from "../../hostile-readmes.ts";
import type { Distribution } from "../fake-index/distribution.ts";

const README = `# Bread

[![build](https://ci.example/bread.svg)](https://ci.example/bread) ![Loaf](https://img.example/loaf.png)

**Bread** bakes loaves of any shape, from a recipe that fits into one line.

\`\`\`python
import bread

loaf = bread.bake("rye", minutes=45)
print(loaf.crust)
\`\`\`

## What is in it

- doughs that rise by themselves
- ovens for every platform
- no sugar

| dough | minutes | degrees |
| ----- | ------: | ------: |
| rye   |      45 |     230 |
| wheat |      35 |     220 |

> Never open the oven while it bakes.

Read [the manual](https://bread.example/manual) before the first loaf.
`;

const about = (description: string, summary: string, more = "") =>
  `Summary: ${summary}\nLicense-Expression: MIT\nRequires-Python: >=3.9\nAuthor: The bakers\nProject-URL: Source, https://bread.example/src\nProject-URL: Manual, https://bread.example/manual\nProvides-Extra: rye\n${more}Description-Content-Type: text/markdown\n\n${description}`;

/** The same bytes under the name of a wheel for another environment. */
const tagged = (wheel: Distribution, tags: string): Distribution => {
  const filename = wheel.filename.replace("py3-none-any", tags);
  const bytes = Buffer.concat([wheel.bytes, Buffer.from(tags)]);
  return { ...wheel, filename, bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
};

const TAGS = [
  "cp314-cp314t-manylinux_2_28_x86_64",
  "cp314-cp314-manylinux_2_28_x86_64",
  "cp314-cp314-macosx_11_0_arm64",
  "cp314-cp314-win_amd64",
  "cp38-cp38-manylinux_2_28_x86_64",
];

/** An upstream with a project of many releases, one whose descriptions are hostile, and what people search for. */
export async function upstreamContent(): Promise<Distribution[]> {
  const requires = ["flour>=1.0", "salt", "yeast>=2; python_version < '3.12'", "rye-flour; extra == 'rye'"];
  const release = async (version: string, more: Partial<Distribution> = {}): Promise<Distribution> => ({
    ...(await buildWheel({
      name: "Bread",
      version,
      requires,
      about: about(README, "Bakes loaves of any shape"),
    })),
    requiresPython: ">=3.9",
    ...more,
  });
  const newest = await release("2.1");
  const old = Array.from({ length: 14 }, (_, at) => `1.${at}`);
  const hostile = Object.entries(HOSTILE_READMES).map(([what, text], at) =>
    buildWheel({ name: "hostile", version: `1.${at}`, about: about(text, `Tries: ${what.replace(/[^\w ]/g, "")}`) }),
  );
  const others = [
    "flour",
    "salt",
    "yeast",
    "bread-crumbs",
    "breadboard",
    "sourdough-bread",
    "gingerbread",
    "rye-flour",
  ];
  return [
    newest,
    ...TAGS.map((tags) => tagged(newest, tags)),
    await release("2.0", { yanked: "It burns the crust." }),
    ...(await Promise.all(old.map((version) => release(version)))),
    ...(await Promise.all(hostile)),
    ...(await Promise.all(
      others.map((name) => buildWheel({ name, version: "1.0", about: about("Nothing.", `It is ${name}`) })),
    )),
  ];
}
