import { expect, test } from "vitest";
import { htmlReader, readHtml } from "../../worker/repository/html.ts";

/** What a listener is told of a document that arrives in these pieces; texts are joined. */
function events(pieces: readonly string[]): unknown[] {
  const told: unknown[] = [];
  let text = "";
  const tell = (event: unknown) => {
    if (text !== "") told.push(text);
    text = "";
    if (event !== undefined) told.push(event);
  };
  const reader = htmlReader({
    opened: (name, attributes) => tell([name, Object.fromEntries(attributes)]),
    closed: (name) => tell(`/${name}`),
    text: (piece) => void (text += piece),
  });
  for (const piece of pieces) reader.write(piece);
  reader.end();
  tell(undefined);
  return told;
}

const DOCUMENT = `<!DOCTYPE html><!-- <a href="hidden"> --><A
 HREF=first data-x data-y=1 href='a&amp;b'>one &lt; two</A ><script>"<a href='x'>"</script><br/>a < b`;

test.each([1, 2, 3, 7, 1_000])("a document in pieces of %i characters is read as a whole", (size) => {
  const pieces = Array.from({ length: Math.ceil(DOCUMENT.length / size) }, (_, nth) =>
    DOCUMENT.slice(nth * size, (nth + 1) * size),
  );
  expect(events(pieces)).toEqual([
    ["a", { href: "a&amp;b", "data-x": "", "data-y": "1" }],
    "one &lt; two",
    "/a",
    ["script", {}],
    `"<a href='x'>"`,
    "/script",
    ["br", {}],
    "a < b",
  ]);
});

test("characters of several bytes may be cut between two pieces", async () => {
  const bytes = new TextEncoder().encode("<b>é€😀</b>");
  let text = "";
  await readHtml(
    { text: (piece) => void (text += piece) },
    [...bytes].map((byte) => Uint8Array.of(byte)),
  );
  expect(text).toBe("é€😀");
});

// Each of these takes minutes in a reader that looks for what an end tag closes.
test.each([
  ["elements in each other, and ends of others", "<b>".repeat(300_000) + "</i>".repeat(300_000)],
  ["forms in each other", "<form>".repeat(300_000)],
  ["links in each other", "<a>".repeat(300_000)],
])("%s take a time that is linear", (_what, text) => {
  expect(events([text])).toHaveLength(text.split("<").length - 1);
});

test.each([
  ["a tag", "<a"],
  ["an end tag", "</a"],
  ["an attribute's name", "<a b"],
  ["an attribute's value", '<a b="'],
  ["a comment", "<!--"],
])("%s that does not end is not kept", (_what, beginning) => {
  const reader = htmlReader({});
  const pieces = () => {
    reader.write(beginning);
    for (let nth = 0; nth < 100; nth++) reader.write("x".repeat(100_000));
  };
  expect(pieces).toThrow("characters");
});

test("an element with more attributes than any has is refused", () => {
  const attributes = Array.from({ length: 2_000 }, (_, nth) => `a${nth}`).join(" ");
  expect(() => events([`<p ${attributes}>`])).toThrow("attributes");
});
