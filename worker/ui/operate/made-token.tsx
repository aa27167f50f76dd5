import type { IndexConfig } from "../../../schema/indexes.ts";
import { indexText, type Scope, type ShownToken } from "../../../schema/token.ts";
import { installSetups, publishSetup } from "../../pypi/setups.ts";
import { Layout, type PagePlace } from "../layout.tsx";
import { Command, Day } from "../parts.tsx";

interface MadeProps {
  readonly place: PagePlace;
  readonly made: ShownToken & { readonly token: string };
  readonly indexes: readonly Pick<IndexConfig, "name" | "base" | "isPrivate" | "hosted">[];
}

/** The page that shows a new token, with the commands that it is for. It is at no address: loaded again, it is not there. */
export function MadeToken({ place, made, indexes }: MadeProps) {
  const { name, index, scopes, projects, expires, token } = made;
  return (
    <Layout title="Token made · pypi-edge" place={place}>
      <h1>{name}</h1>
      <p class="lead">
        This is the token. It is shown now and never again: copy it to where it is used, before you leave this page.
      </p>
      <Command text={token} label={name} />
      {usesOf(made, indexes, place.host).map(({ label, text }) => (
        <>
          <p class="soft small">{label}</p>
          <Command text={text} label={label} />
        </>
      ))}
      <p>
        It may {scopes.join(", ")} on {indexText(index)}
        {projects && `, and change ${projects.join(", ")}`}.{" "}
        {expires === null ? (
          "It never ends."
        ) : (
          <>
            It ends on <Day at={Date.parse(expires)} />.
          </>
        )}
      </p>
      <p>
        <a href={`${place.up}-/tokens`}>All tokens</a>
      </p>
    </Layout>
  );
}

/**
 * The commands that a token is made for, with the token: of an index that is private to install, of one that takes uploads to
 * publish. One for every index is shown with the first such index.
 *
 * @param host the server's address, without a final slash
 */
function usesOf(made: MadeProps["made"], indexes: MadeProps["indexes"], host: string) {
  const can = (scope: Scope) => made.scopes.includes(scope) || made.scopes.includes("admin");
  const own = indexes.filter(({ name }) => made.index === "*" || name === made.index);
  const read = can("read") ? own.find(({ isPrivate }) => isPrivate) : undefined;
  const written = can("upload") ? own.find(({ hosted }) => hosted) : undefined;
  const installs = read ? installSetups(`${host}${read.base}/simple/`, true, "NAME", made.token) : [];
  const publishes = written ? publishSetup(`${host}${written.base}/legacy/`, made.token).steps : [];
  return [
    ...installs.flatMap(({ client, steps }) =>
      client === "pip" || client === "uv"
        ? steps.map(({ text }) => ({ label: `to install with ${client}`, text }))
        : [],
    ),
    ...publishes.map(({ where, text }) => ({ label: `to publish ${where}`, text })),
  ];
}
