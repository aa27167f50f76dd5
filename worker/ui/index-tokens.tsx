import { changeableProjects, indexText } from "../../schema/token.ts";
import type { TokenReach } from "../http/token-reach.ts";
import type { PagePlace } from "./layout.tsx";
import { DayOrNever, TokenHeadings } from "./token-cells.tsx";
import { Scrolled } from "./parts.tsx";

interface IndexTokensProps {
  readonly place: Pick<PagePlace, "up" | "forms">;
  readonly tokens: readonly TokenReach[];
}

/** Who may do what with an index, for its admins. */
export const IndexTokens = ({ place: { up, forms }, tokens }: IndexTokensProps) => (
  <>
    <h2 id="tokens">Tokens that reach this index</h2>
    <Scrolled by="tokens">
      <table>
        <thead>
          <TokenHeadings />
        </thead>
        <tbody>
          {tokens.map(({ name, scopes, index, projects, expiresAt, usedAt }) => (
            <tr>
              <th scope="row">{name}</th>
              <td>{scopes.join(", ")}</td>
              <td>{indexText(index)}</td>
              <td>{changeableProjects(scopes, projects).join(", ")}</td>
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
    </Scrolled>
    {forms && (
      <p>
        <a href={`${up}-/tokens`}>Make and revoke tokens</a>
      </p>
    )}
  </>
);
