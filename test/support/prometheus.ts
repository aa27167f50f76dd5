/** A sample of a scrape, or a value that an expression has: the labels in one text, so that equal sets are equal. */
export interface Sample {
  readonly name: string;
  /** As in the exposition, without the braces. */
  readonly labels: string;
  readonly value: number;
}

/** What `/-/metrics` said, and when; seconds since the epoch. */
export interface Scrape {
  readonly at: number;
  readonly samples: readonly Sample[];
}

const SAMPLE = /^(\w+)(?:\{(.*)\})? (\S+)$/;

/** Reads Prometheus' text format. */
export const samplesOf = (text: string): Sample[] =>
  text.split("\n").flatMap((line) => {
    const [, name, labels = "", value] = SAMPLE.exec(line) ?? [];
    return name === undefined ? [] : [{ name, labels, value: Number(value) }];
  });

type Value = number | readonly Sample[];

/**
 * The value of an expression of PromQL, of which it knows what the documented alerts are made of: selectors with `=`, `sum`,
 * `increase` over minutes, `time()`, numbers, `*`, `-`, `>`, `==`, `and`, `or`. Throws for anything else, and for a metric that no
 * scrape has a line of help for.
 *
 * @param scrapes the oldest first; the expression is of the last one's time
 * @param known the names that there are
 */
export function evaluate(expression: string, scrapes: readonly Scrape[], known: ReadonlySet<string>): Value {
  const tokens = expression.match(/\w+\{[^}]*\}|[\d.]+|\w+|\[\d+m\]|==|[()>*-]/g) ?? [];
  if (tokens.join("") !== expression.replace(/\s+/g, "")) throw new Error(`not known here: ${expression}`);
  const end = scrapes.at(-1)?.at ?? 0;
  let next = 0;

  /** Operators from the loosest to the tightest. */
  const levels = [["or"], ["and"], [">", "=="], ["-"], ["*"]];
  function level(at: number): Value {
    const operators = levels[at];
    if (!operators) return single();
    let left = level(at + 1);
    while (operators.includes(tokens[next] ?? "")) left = combined(tokens[next++] ?? "", left, level(at + 1));
    return left;
  }

  function single(): Value {
    const token = tokens[next++] ?? "";
    if (/^[\d.]+$/.test(token)) return Number(token);
    if (token === "(") return closed(level(0));
    if (token === "time") return expectNext("(") ?? closed(end);
    if (token === "sum") {
      expectNext("(");
      const of = closed(level(0)) as readonly Sample[];
      return of.length === 0 ? [] : [{ name: "", labels: "", value: of.reduce((sum, { value }) => sum + value, 0) }];
    }
    if (token === "increase") {
      expectNext("(");
      const selector = tokens[next++] ?? "";
      const minutes = Number(/\d+/.exec(tokens[next++] ?? "")?.[0]);
      const within = scrapes.filter(({ at }) => at >= end - minutes * 60);
      const first = new Map(selected(selector, within[0]).map(({ labels, value }) => [labels, value]));
      return closed(
        selected(selector, within.at(-1)).flatMap((sample) => {
          const had = first.get(sample.labels);
          return had === undefined ? [] : [{ ...sample, name: "", value: sample.value - had }];
        }),
      );
    }
    return selected(token, scrapes.at(-1));
  }

  function expectNext(token: string): undefined {
    if (tokens[next++] !== token) throw new Error(`${token} is missing: ${expression}`);
  }

  function closed(value: Value): Value {
    expectNext(")");
    return value;
  }

  function selected(selector: string, scrape: Scrape | undefined): readonly Sample[] {
    const [, name = "", labels = ""] = /^(\w+)(?:\{(.*)\})?$/.exec(selector) ?? [];
    if (!known.has(name)) throw new Error(`there is no metric ${name}`);
    const wanted = labels === "" ? [] : labels.split(/,\s*/);
    return (scrape?.samples ?? []).filter(
      (sample) => sample.name === name && wanted.every((pair) => sample.labels.split(",").includes(pair)),
    );
  }

  const value = level(0);
  if (next < tokens.length) throw new Error(`not known here: ${tokens[next]} in ${expression}`);
  return value;
}

function combined(operator: string, left: Value, right: Value): Value {
  if (operator === "or" || operator === "and") {
    const [own, other] = [left as readonly Sample[], right as readonly Sample[]];
    const has = (all: readonly Sample[], { labels }: Sample) => all.some((each) => each.labels === labels);
    if (operator === "and") return own.filter((sample) => has(other, sample));
    return [...own, ...other.filter((sample) => !has(own, sample))];
  }
  const apply = OPERATORS[operator];
  if (!apply) throw new Error(`no operator: ${operator}`);
  const one = (a: number, b: number) => apply(a, b);
  if (typeof left === "number" && typeof right === "number") return Number(one(left, right));
  if (typeof left === "number") return kept(operator, right as readonly Sample[], (value) => one(left, value));
  if (typeof right === "number") return kept(operator, left, (value) => one(value, right));
  return left.flatMap((sample) => {
    const other = right.find(({ labels }) => labels === sample.labels);
    return other ? kept(operator, [sample], (value) => one(value, other.value)) : [];
  });
}

/** A comparison leaves samples out, anything else changes them. */
const kept = (operator: string, samples: readonly Sample[], apply: (value: number) => number | boolean): Sample[] =>
  samples.flatMap((sample) => {
    const result = apply(sample.value);
    if (operator === ">" || operator === "==") return result === true ? [sample] : [];
    return [{ ...sample, name: "", value: Number(result) }];
  });

const OPERATORS: Readonly<Record<string, (left: number, right: number) => number | boolean>> = {
  ">": (left, right) => left > right,
  "==": (left, right) => left === right,
  "*": (left, right) => left * right,
  "-": (left, right) => left - right,
};
