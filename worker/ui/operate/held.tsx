import type { PendingFiles } from "../../../schema/policy-outlook.ts";
import type { PagePlace } from "../layout.tsx";
import { counted } from "../../pypi/counted.ts";
import { Badge } from "../parts.tsx";

/** So many files of an index are named. */
const SHOWN = 15;

/** What an index holds now. */
export interface HeldNow {
  readonly index: string;
  /** Prefix of the index's addresses: empty, or it begins with a slash. */
  readonly base: string;
  /** undefined: it could not be found out. */
  readonly pending: PendingFiles | undefined;
}

interface HeldProps {
  readonly place: Pick<PagePlace, "up">;
  readonly held: readonly HeldNow[];
}

/** What policies hold now that clients asked for, what is let through next first. */
export function Held({ place, held }: HeldProps) {
  if (held.length === 0) return null;
  return (
    <>
      <h2 id="held">Held now</h2>
      {held.map(({ index, base, pending }) => (
        <>
          <h3 id={`held-${index}`}>
            {index}: {pending ? counted(pending.files.length, "file") : "not known now"}
          </h3>
          {pending && pending.files.length > 0 && (
            <div class="scroll" tabindex={0} role="region" aria-labelledby={`held-${index}`}>
              <table>
                <thead>
                  <tr>
                    <th scope="col">File</th>
                    <th scope="col">Project</th>
                    <th scope="col">Let through (UTC)</th>
                  </tr>
                </thead>
                <tbody>
                  {pending.files.slice(0, SHOWN).map(({ project, filename, until }) => (
                    <tr>
                      <th scope="row" class="name">
                        {filename}
                      </th>
                      <td>
                        <a href={`${place.up}${base.slice(1)}${base === "" ? "" : "/"}-/why/${project}`}>{project}</a>{" "}
                        {pending.heldFixes.some((fix) => fix.project === project) && <Badge tone="warn">a fix</Badge>}
                      </td>
                      <td class="day">{until.slice(0, 16).replace("T", " ")}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
          <p class="soft small">{pending ? aboutOf(pending) : "A store or a source did not answer."}</p>
        </>
      ))}
    </>
  );
}

function aboutOf({ index, days, projects, cut, unknown, files }: PendingFiles) {
  const rest = files.length - SHOWN;
  return (
    <>
      Of {cut ? "the first " : ""}
      {counted(projects, "project")} that clients asked for within {days} days
      {unknown.length > 0 && `, of which ${unknown.length} could not be looked at`}.
      {rest > 0 && ` ${rest} more files are held.`} All of them: <code>pypi-edge policy pending --index {index}</code>.
    </>
  );
}
