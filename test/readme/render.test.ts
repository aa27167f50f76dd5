import { describe, expect, test } from "vitest";
import { renderDescription } from "../../worker/readme/render.ts";
import { HOSTILE_READMES } from "../support/hostile-readmes.ts";

const markdown = (text: string) => renderDescription({ text, kind: "markdown" });

const ALLOWED =
  /^<(\/?)(p|br|hr|ul|ol|li|dl|dt|dd|blockquote|pre|code|kbd|samp|var|em|strong|b|i|u|s|del|ins|sub|sup|small|mark|q|cite|table|thead|tbody|tfoot|tr|th|td|caption|details|summary|div|h[3-6]|a)( start="\d+"| href="(?:https?:\/\/|mailto:)[^"<>]*" rel="nofollow noopener noreferrer ugc"| class="text")?>$/;

/** What of some HTML is not allowed, or does not fit together. */
function faults(html: string): string[] {
  const found: string[] = [];
  const open: string[] = [];
  for (const [tag] of html.matchAll(/<[^>]*>?/g)) {
    const [, isEnd, name = ""] = ALLOWED.exec(tag) ?? [];
    if (name === "") found.push(tag);
    else if (name === "br" || name === "hr") continue;
    else if (isEnd !== "/") open.push(name);
    else if (open.pop() !== name) found.push(`${tag} closes another element`);
  }
  return [...found, ...open.map((name) => `${name} is not closed`)];
}

describe("a hostile description", () => {
  test.each(Object.entries(HOSTILE_READMES))("has nothing active in it: %s", (_, text) => {
    const html = markdown(text);
    expect(faults(html)).toEqual([]);
    expect(html).not.toMatch(/<[^>]*(?:javascript|data|vbscript):|<[^>]*\b(?:on\w+|style|id|name|src|srcset)=/i);
    expect(html).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b]/);
    // The same as what it is not.
    expect(faults(renderDescription({ text, kind: "plain" }))).toEqual([]);
  });

  test("is found by the same look, where nothing is taken out", () => {
    for (const html of [
      "<script>",
      "<p onclick=x></p>",
      '<a href="javascript:x">x</a>',
      "<p>",
      "</p>",
      "<img>",
      "<p <b>",
    ]) {
      expect([html, faults(html).length > 0]).toEqual([html, true]);
    }
  });

  test.each([
    ["elements", "<div>".repeat(10_000)],
    ["quotes", ">".repeat(10_000)],
    ["lists", Array.from({ length: 250 }, (_, at) => `${" ".repeat(at)}- a`).join("\n")],
    ["brackets", "[".repeat(10_000)],
    ["emphasis", "**[a".repeat(10_000)],
  ])("is no deeper than browsers like: %s", (_, text) => {
    const html = markdown(text);
    expect(faults(html)).toEqual([]);
    let [depth, deepest] = [0, 0];
    for (const [tag] of html.matchAll(/<\/?(?!br|hr)[a-z]/g))
      deepest = Math.max(deepest, (depth += tag[1] === "/" ? -1 : 1));
    expect(deepest).toBeLessThanOrEqual(60);
  });

  test.each([
    ["a table of a thousand columns", `${"|a".repeat(1_000)}|\n${"|-".repeat(1_000)}|\n${"|a\n".repeat(10_000)}`],
    ["a table of many rows", `|a|b|c|d|\n|-|-|-|-|\n${"|a\n".repeat(20_000)}`],
    ["a long address of many links", `[a]: https://e.example/${"x".repeat(1_900)}\n\n${"[a]".repeat(20_000)}`],
    ["a long title of many links", `[a]: https://e.example/ "${"x".repeat(30_000)}"\n\n${"[a]".repeat(10_000)}`],
    ["characters that are escaped", "&".repeat(70_000)],
  ])("does not grow without end: %s", (_, text) => {
    expect(markdown(text).length).toBeLessThan(600 * 1024);
  });

  test("is cut where it is too long, and says so", () => {
    const html = markdown(`${"word ".repeat(20_000)}last`);
    expect([html.includes("last"), html.endsWith("it is too long.</p>"), faults(html)]).toEqual([false, true, []]);
  });
});

describe("a description", () => {
  test("in Markdown keeps its structure, below the page's own headings", () => {
    const text =
      "# One\n\n## Two\n\n1. a\n2. b\n\n3. c\n\n> q\n\n| h |\n| - |\n| c |\n\n```python\nprint('<b>')\n```\n\n~~no~~ `x` [l](https://e.example/a%20b 't')";
    expect(markdown(text).replaceAll("\n", "")).toBe(
      "<h3>One</h3><h4>Two</h4><ol><li><p>a</p></li><li><p>b</p></li><li><p>c</p></li></ol><blockquote><p>q</p></blockquote>" +
        "<table><thead><tr><th>h</th></tr></thead><tbody><tr><td>c</td></tr></tbody></table>" +
        "<pre><code>print('&lt;b&gt;')</code></pre>" +
        '<p><s>no</s> <code>x</code> <a href="https://e.example/a%20b" rel="nofollow noopener noreferrer ugc">l</a></p>',
    );
  });

  test("has links in the place of images, and their text within links", () => {
    expect(
      markdown("![A plot](https://e.example/plot.png) [![build](https://e.example/b.svg)](https://ci.example/)"),
    ).toBe(
      '<p><a href="https://e.example/plot.png" rel="nofollow noopener noreferrer ugc">A plot</a> <a href="https://ci.example/" rel="nofollow noopener noreferrer ugc">build</a></p>\n',
    );
  });

  test("in another language than Markdown is shown as it is written", () => {
    expect(renderDescription({ text: "Title\n=====\n\n.. raw:: html\n\n   <b>x</b> & y", kind: "plain" })).toBe(
      '<pre class="text">Title\n=====\n\n.. raw:: html\n\n   &lt;b&gt;x&lt;/b&gt; &amp; y</pre>',
    );
  });
});
