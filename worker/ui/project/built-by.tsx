import { commitUrl, publisherLabel, repositoryUrl } from "../../pypi/publisher.ts";
import type { Signer } from "../../pypi/verdict.ts";
import { Badge } from "../parts.tsx";
import type { FileBuilder } from "./file-builder.ts";

const LINK = "nofollow noopener noreferrer";

interface BuiltByProps {
  readonly builder: FileBuilder;
  /** The address of the file's provenance; undefined where no page may name it. */
  readonly provenance: string | undefined;
}

/** Who built a file. Green is only what was verified. */
export function BuiltBy({ builder, provenance }: BuiltByProps) {
  const link = (text: string) =>
    provenance === undefined ? (
      text
    ) : (
      <a href={provenance} rel={LINK}>
        {text}
      </a>
    );
  if (builder.state === "verified") {
    return (
      <>
        <Badge tone="good">verified</Badge>
        <details class="small">
          <summary class="soft">{publisherLabel(builder.signer.publisher)}</summary>
          <Signed signer={builder.signer} />
          {link("provenance")}
        </details>
      </>
    );
  }
  if (builder.state === "refused") {
    return (
      <>
        <Badge tone="bad">provenance not valid</Badge>
        <div class="small">
          {builder.reason.charAt(0).toUpperCase() + builder.reason.slice(1)} {link("provenance")}
        </div>
      </>
    );
  }
  if (builder.state === "uploaded") return <Badge>{link("provenance, verified when uploaded")}</Badge>;
  return builder.reason === undefined ? (
    <Badge>{link("provenance, not verified here")}</Badge>
  ) : (
    <Badge tone="warn">{link("provenance, cannot be verified")}</Badge>
  );
}

/** What the certificate and the log say. Nothing of it is the upstream's word. */
function Signed({
  signer: { publisher, commit, ref, run, signedAt, logIndex, predicates },
}: {
  readonly signer: Signer;
}) {
  const rows: readonly (readonly [string, string | undefined, string | undefined])[] = [
    ["repository", publisher.repository ?? publisher.account, repositoryUrl(publisher)],
    ["workflow", publisher.workflow, undefined],
    ["commit", commit, commitUrl(publisher, commit)],
    ["of", ref, undefined],
    ["run", run, run?.startsWith("https://") ? run : undefined],
    [
      "signed",
      signedAt === 0 ? undefined : `${new Date(signedAt).toISOString().slice(0, 19).replace("T", " ")} UTC`,
      undefined,
    ],
    ["log index", logIndex, undefined],
    ["attests", predicates.join(", "), undefined],
  ];
  return (
    <dl class="details">
      {rows.map(([name, text, url]) =>
        text === undefined ? null : (
          <div>
            <dt>{name}</dt>
            <dd>
              {url === undefined ? (
                text
              ) : (
                <a href={url} rel={LINK}>
                  {text}
                </a>
              )}
            </dd>
          </div>
        ),
      )}
    </dl>
  );
}
