import type { Bucket } from "./buckets.ts";
import type { PlotData } from "./plots.ts";
import { Scrolled } from "../parts.tsx";

/** The drawing's own units. */
const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [640, 170, 62, 24, 10];
const PLOTTED = { width: WIDTH - LEFT, height: HEIGHT - BOTTOM - TOP };

/** A part of a bar is seen however small it is. */
const LEAST_BAR = 1;

interface PlotProps {
  readonly data: PlotData;
  readonly buckets: readonly Bucket[];
  /** The text of a bucket's beginning. */
  readonly when: (at: number) => string;
}

/** A figure: its headline, and where there is something to plot, that as an SVG and as a table. */
export function Plot({ data, buckets, when }: PlotProps) {
  const { id, title, headline, note, series } = data;
  const values = series.flatMap((each) => each.values);
  const isEmpty = buckets.length < 2 || values.every((value) => value === null || value === 0);
  return (
    <figure class="plot card" id={id} aria-labelledby={`${id}-title`}>
      <figcaption>
        <h2 id={`${id}-title`}>{title}</h2>
        <p class="lead">{headline}</p>
      </figcaption>
      {isEmpty ? <p class="small">There is nothing to plot yet.</p> : <Drawing {...{ data, buckets, when }} />}
      <p class="soft small">{note}</p>
      {!isEmpty && (
        <details>
          <summary>{title} as a table</summary>
          <Numbers data={data} buckets={buckets} when={when} />
        </details>
      )}
    </figure>
  );
}

function Drawing({ data, buckets, when }: PlotProps) {
  const { title, headline, series, show, level } = data;
  const top = niceTop(Math.max(data.atLeast, level?.value ?? 0, ...tops(data)));
  const y = (value: number) => TOP + PLOTTED.height * (1 - value / top);
  const step = PLOTTED.width / Math.max(1, buckets.length);
  return (
    <>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`${title}: ${headline}. The table below has the numbers.`}
      >
        {[0, top / 2, top].map((value) => (
          <>
            <line class="grid" x1={LEFT} x2={WIDTH} y1={y(value)} y2={y(value)} />
            <text class="tick" x={LEFT - 6} y={y(value) + 4} text-anchor="end">
              {show(value)}
            </text>
          </>
        ))}
        {data.kind === "bars" ? <Bars data={data} step={step} y={y} /> : <Lines data={data} step={step} y={y} />}
        {level && <line class="level" x1={LEFT} x2={WIDTH} y1={y(level.value)} y2={y(level.value)} />}
        {labelled(buckets).map((at) => (
          <text class="tick" x={LEFT + step * at} y={HEIGHT - 6}>
            {when(buckets[at]?.from ?? 0)}
          </text>
        ))}
      </svg>
      <ul class="legend">
        {series.map(({ label }, at) => (
          <li>
            <span class={`key s${at}`} /> {label}
          </li>
        ))}
        {level && (
          <li>
            <span class="key level" /> {level.label}
          </li>
        )}
      </ul>
    </>
  );
}

interface DrawnProps {
  readonly data: PlotData;
  readonly step: number;
  readonly y: (value: number) => number;
}

function Bars({ data: { series }, step, y }: DrawnProps) {
  const gap = Math.min(3, step / 5);
  const count = series[0]?.values.length ?? 0;
  return (
    <>
      {Array.from({ length: count }, (_, bucket) => {
        let below = 0;
        return series.map(({ values }, at) => {
          const value = values[bucket] ?? 0;
          if (value === 0) return null;
          const bottom = y(below);
          below += value;
          const height = Math.max(LEAST_BAR, bottom - y(below));
          return (
            <rect
              class={`s${at}`}
              x={fixed(LEFT + step * bucket + gap / 2)}
              y={fixed(bottom - height)}
              width={fixed(step - gap)}
              height={fixed(height)}
            />
          );
        });
      })}
    </>
  );
}

function Lines({ data: { series }, step, y }: DrawnProps) {
  return (
    <>
      {series.map(({ values }, at) =>
        runsOf(values).map((run) => {
          const points = run.map(([bucket, value]) => [LEFT + step * (bucket + 0.5), y(value)] as const);
          const [first] = points;
          return points.length === 1 && first ? (
            <circle class={`s${at}`} cx={fixed(first[0])} cy={fixed(first[1])} r="3" />
          ) : (
            <polyline class={`s${at}`} points={points.map(([x, height]) => `${fixed(x)},${fixed(height)}`).join(" ")} />
          );
        }),
      )}
    </>
  );
}

/** The parts of a series without gaps. */
function runsOf(values: readonly (number | null)[]): (readonly [number, number])[][] {
  const runs: (readonly [number, number])[][] = [[]];
  for (const [at, value] of values.entries()) {
    if (value === null) runs.push([]);
    else runs.at(-1)?.push([at, value]);
  }
  return runs.filter((run) => run.length > 0);
}

function Numbers({ data: { series, show }, buckets, when }: PlotProps) {
  return (
    <Scrolled label="The numbers">
      <table>
        <thead>
          <tr>
            <th scope="col">From (UTC)</th>
            {series.map(({ label }) => (
              <th scope="col" class="num">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {buckets.map(({ from }, at) => (
            <tr>
              <th scope="row">{when(from)}</th>
              {series.map(({ values }) => {
                const value = values[at] ?? null;
                return <td class="num">{value === null ? "—" : show(value)}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolled>
  );
}

/** The highest value of each bucket, as it is drawn. */
function tops({ kind, series }: PlotData): number[] {
  if (kind === "lines") return series.flatMap(({ values }) => values.map((value) => value ?? 0));
  const count = series[0]?.values.length ?? 0;
  return Array.from({ length: count }, (_, at) => series.reduce((sum, { values }) => sum + (values[at] ?? 0), 0));
}

/** The next number of the form 1, 2 or 5 times a power of ten. */
function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * power).find((top) => top >= value) ?? value;
}

/** The buckets that have a label: four, evenly spread. */
function labelled(buckets: readonly Bucket[]): number[] {
  const every = Math.max(1, Math.floor(buckets.length / 4));
  return [...buckets.keys()].filter((at) => at % every === 0).slice(0, 4);
}

const fixed = (value: number) => Number(value.toFixed(1));
