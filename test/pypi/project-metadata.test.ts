import { describe, expect, test } from "vitest";
import { readProjectMetadata } from "../../worker/pypi/project-metadata.ts";

const read = (text: string) => readProjectMetadata(new TextEncoder().encode(text));

describe("core metadata for people", () => {
  test("has texts of one line without hidden characters, and no addresses of people", () => {
    const { summary, people, license } = read(
      'Metadata-Version: 2.1\nName: demo\nSummary: a\u202eb\n  c\nAuthor: UNKNOWN\nAuthor-email: "Ada L." <ada@x.example>, bob@x.example\nMaintainer: Cy\nLicense: MIT\n\n',
    );
    expect([summary, people, license]).toEqual(["ab c", ["Ada L.", "Cy"], "MIT"]);
  });

  test("names the licence by classifiers where the field has its whole text", () => {
    const text = `License: ${"All rights. ".repeat(20)}\nClassifier: License :: OSI Approved :: BSD License\nClassifier: Topic :: Text\n`;
    expect(read(text).license).toBe("BSD License");
  });

  test("has links that lead to the web only, each once", () => {
    const urls = [
      "A, https://a.example/",
      "B, javascript:x",
      "C, https://a.example/",
      "D, //d.example",
      "E, https://u:p@e.example/",
      "no comma",
    ];
    expect(read(urls.map((url) => `Project-URL: ${url}\n`).join("")).links).toEqual([
      { label: "A", url: "https://a.example/" },
    ]);
    expect(read("Home-page: https://h.example\n").links).toEqual([{ label: "Homepage", url: "https://h.example/" }]);
  });

  test.each([
    ["six", "six", "", ""],
    ["Zope.Interface (>=3,<4)", "zope-interface", ">=3,<4", ""],
    [
      "uvicorn[standard]>=0.1; python_version < '3.12' and extra == 'x'",
      "uvicorn",
      "[standard]>=0.1",
      "python_version < '3.12' and extra == 'x'",
    ],
    [
      "demo @ https://e.example/d.whl?a;b ; os_name == 'nt'",
      "demo",
      "@ https://e.example/d.whl?a;b",
      "os_name == 'nt'",
    ],
    ["<script>", undefined, "<script>", ""],
  ])("reads the requirement %s", (text, project, rest, marker) => {
    expect(read(`Requires-Dist: ${text}\n`).requirements).toEqual([{ project, rest, marker }]);
  });

  test("has the description from behind the fields, or from the field that older tools wrote", () => {
    expect(read("Name: a\nDescription-Content-Type: text/markdown; charset=UTF-8\n\n# A\n\nb\n").description).toEqual({
      text: "# A\n\nb",
      kind: "markdown",
    });
    expect(read("Name: a\nDescription: A\n        =\n        \n        b\nPlatform: any\n").description).toEqual({
      text: "A\n=\n\nb",
      kind: "plain",
    });
    expect(read("Name: a\n\nUNKNOWN\n").description).toBeUndefined();
    expect(read("Name: a\n").description).toBeUndefined();
  });
});
