import type { TokenReach } from "../http/token-reach.ts";
import type { PagePlace } from "./layout.tsx";
import { Day } from "./parts.tsx";

interface TokensProps {
  readonly place: Pick<PagePlace, "up" | "forms">;
  readonly tokens: readonly TokenReach[];
}

/** Who may do what with an index, for its admins. */
export const Tokens = ({ place: { up, forms }, tokens }: TokensProps) => (
  <>
    <h2 id="tokens">Tokens that reach this index</h2>
    <div class="scroll" tabindex={0} role="region" aria-labelledby="tokens">
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">May</th>
            <th scope="col">Of</th>
            <th scope="col">Writes</th>
            <th scope="col">Until</th>
            <th scope="col">Last used</th>
          </tr>
        </thead>
        <tbody>
          {tokens.map(({ name, scopes, index, projects, expiresAt, usedAt }) => (
            <tr>
              <th scope="row">{name}</th>
              <td>{scopes.join(", ")}</td>
              <td>{index === "*" ? "every index" : index}</td>
              <td>{projects?.join(", ") ?? "any project"}</td>
              <td class="day">{expiresAt === undefined ? "no end" : <Day at={expiresAt} />}</td>
              <td class="day">{usedAt === undefined ? "never" : <Day at={usedAt} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
    {forms && (
      <p>
        <a href={`${up}-/tokens`}>Make and revoke tokens</a>
      </p>
    )}
  </>
);
