import { minuteFrom } from "../../pypi/minute.ts";
import type { PendingFiles } from "../../../schema/policy-outlook.ts";
import { asFilename } from "../../pypi/filename.ts";
import { asProjectName } from "../../pypi/name.ts";
import { versionOf } from "../../pypi/version.ts";
import type { PagePlace } from "../layout.tsx";
import { counted } from "../../pypi/counted.ts";
import { Badge, Scrolled } from "../parts.tsx";

/** So many releases of an index are named. */
const SHOWN = 10;

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
            <Scrolled by={`held-${index}`}>
              <table>
                <thead>
                  <tr>
                    <th scope="col">Release</th>
                    <th scope="col" class="num">
                      Files
                    </th>
                    <th scope="col">Let through (UTC)</th>
                  </tr>
                </thead>
                <tbody>
                  {heldReleases(pending)
                    .slice(0, SHOWN)
                    .map(({ project, version, files, until, isFix }) => (
                      <tr>
                        <th scope="row" class="name">
                          <a href={`${place.up}${base.slice(1)}${base === "" ? "" : "/"}-/why/${project}`}>{project}</a>{" "}
                          {version} {isFix && <Badge tone="warn">a fix</Badge>}
                        </th>
                        <td class="num">{files}</td>
                        <td class="day">{minuteFrom(Date.parse(until))}</td>
                      </tr>
                    ))}
                </tbody>
              </table>
            </Scrolled>
          )}
          <p class="soft small">{pending ? aboutOf(pending) : "A store or a source did not answer."}</p>
        </>
      ))}
    </>
  );
}

/** Files by release, which is let through when its first file is; the next first. */
function heldReleases({ files, heldFixes }: PendingFiles) {
  const versionIn = ({ project, filename }: PendingFiles["files"][number]) => {
    const [name, safe] = [asProjectName(project), asFilename(filename)];
    return (name && safe && versionOf(safe, name)) ?? filename;
  };
  const releases = Map.groupBy(files, (file) => `${file.project} ${versionIn(file)}`);
  return [...releases.values()].flatMap((own) => {
    const [first] = own;
    if (!first) return [];
    const [{ project, until }, version] = [first, versionIn(first)];
    const isFix = heldFixes.some((fix) => fix.project === project && fix.version === version);
    return [{ project, version, files: own.length, until, isFix }];
  });
}

function aboutOf(pending: PendingFiles) {
  const { index, days, projects, cut, unknown } = pending;
  const rest = heldReleases(pending).length - SHOWN;
  return (
    <>
      Of {cut ? "the first " : ""}
      {counted(projects, "project")} that clients asked for within {days} days
      {unknown.length > 0 && `, of which ${unknown.length} could not be looked at`}.
      {rest > 0 && ` ${counted(rest, "more release")} ${rest === 1 ? "is" : "are"} held.`} All of them:{" "}
      <code>pypi-edge policy pending --index {index}</code>.
    </>
  );
}
