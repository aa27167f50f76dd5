/** A value in the YAML that CI services read, as far as the files here need it. */
export type Yaml = string | readonly Yaml[] | { readonly [key: string]: Yaml };

interface Line {
  readonly indent: number;
  readonly text: string;
}

const KEY = /^("[^"]*"|[^\s"'{[#][^:]*?):(?: +(.*))?$/;

/**
 * Reads maps, lists, block scalars (`|`, `>`), flow maps and lists, and quoted and plain scalars, which all are texts. Throws where a
 * line is something else: the pages have no other YAML.
 */
export function parseYaml(text: string): Yaml {
  const lines = text.split("\n").map((line): Line => {
    const indent = line.search(/\S|$/);
    return { indent, text: line.slice(indent) };
  });
  const reader = new Reader(lines);
  const value = reader.block(0);
  reader.end();
  return value;
}

class Reader {
  readonly #lines: readonly Line[];
  #at = 0;

  constructor(lines: readonly Line[]) {
    this.#lines = lines;
  }

  block(indent: number): Yaml {
    return this.#next()?.text.startsWith("- ") ? this.#list(indent) : this.#map(indent);
  }

  end(): void {
    const line = this.#next();
    if (line) throw new Error(`no YAML that is known here: ${line.text}`);
  }

  /** The next line that is neither empty nor a comment. */
  #next(): Line | undefined {
    while (/^(?:#.*)?$/.test(this.#lines[this.#at]?.text ?? "x")) this.#at++;
    return this.#lines[this.#at];
  }

  #list(indent: number): Yaml {
    const list: Yaml[] = [];
    for (let line = this.#next(); line?.indent === indent && line.text.startsWith("- "); line = this.#next()) {
      const rest = line.text.slice(2);
      if (KEY.test(rest) && !rest.startsWith("{")) {
        // The first key of a map stands where the others do, two further in.
        (this.#lines as Line[])[this.#at] = { indent: indent + 2, text: rest };
        list.push(this.#map(indent + 2));
      } else {
        this.#at++;
        list.push(this.#value(rest, indent));
      }
    }
    return list;
  }

  #map(indent: number): Yaml {
    const map: Record<string, Yaml> = {};
    for (let line = this.#next(); line?.indent === indent; line = this.#next()) {
      const [, key, rest = ""] = KEY.exec(line.text) ?? [];
      if (key === undefined) break;
      this.#at++;
      map[scalar(key)] = this.#value(rest, indent);
    }
    return map;
  }

  #value(rest: string, indent: number): Yaml {
    const plain = rest.replace(/ +#.*$/, "");
    if (plain === "|" || plain === ">") return this.#scalar(indent, plain === "|" ? "\n" : " ");
    if (plain !== "") return flow(plain);
    const next = this.#next();
    if (!next || next.indent < indent || (next.indent === indent && !next.text.startsWith("- "))) return "";
    return this.block(next.indent);
  }

  #scalar(indent: number, join: string): string {
    const lines: string[] = [];
    const depth = this.#lines.slice(this.#at).find(({ text }) => text !== "")?.indent ?? 0;
    for (
      let line = this.#lines[this.#at];
      line && (line.text === "" || line.indent > indent);
      line = this.#lines[this.#at]
    ) {
      lines.push(" ".repeat(Math.max(0, line.indent - depth)) + line.text);
      this.#at++;
    }
    return `${lines.join(join).trimEnd()}\n`;
  }
}

function flow(text: string): Yaml {
  const [, open, inner] = /^([[{])(.*)[\]}]$/.exec(text) ?? [];
  if (inner === undefined) return scalar(text);
  const parts = inner.match(/(?:"[^"]*"|'[^']*'|\{[^}]*\}|\[[^\]]*\]|[^,])+/g)?.map((part) => part.trim()) ?? [];
  if (open === "[") return parts.filter((part) => part !== "").map(flow);
  return Object.fromEntries(
    parts.flatMap((part) => {
      const [, key, value = ""] = KEY.exec(part) ?? [];
      return key === undefined ? [] : [[scalar(key), flow(value)]];
    }),
  );
}

const scalar = (text: string) => text.replace(/^(["'])(.*)\1$/, "$2");
