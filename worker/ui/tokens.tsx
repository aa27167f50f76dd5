import type { TokenReach } from "../http/token-reach.ts";
import type { PagePlace } from "./layout.tsx";
import { changeableProjects, DayOrNever, TokenHeadings } from "./token-cells.tsx";

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
          <TokenHeadings />
        </thead>
        <tbody>
          {tokens.map(({ name, scopes, index, projects, expiresAt, usedAt }) => (
            <tr>
              <th scope="row">{name}</th>
              <td>{scopes.join(", ")}</td>
              <td>{index === "*" ? "every index" : index}</td>
              <td>{changeableProjects(scopes, projects)}</td>
              <td class="day">
                <DayOrNever at={usedAt} />
              </td>
              <td class="day">
                <DayOrNever at={expiresAt} />
              </td>
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
