import { Day } from "./parts.tsx";

/** Headings of tables of tokens. */
export const TokenHeadings = ({ isLong = false }: { readonly isLong?: boolean }) => (
  <tr>
    <th scope="col">Name</th>
    <th scope="col">Scopes</th>
    <th scope="col">Index</th>
    <th scope="col">Projects it may change</th>
    {isLong && <th scope="col">Made</th>}
    <th scope="col">Last used (some minutes late)</th>
    <th scope="col">Ends</th>
  </tr>
);

/** A day, or "never". Milliseconds since the epoch. */
export const DayOrNever = ({ at }: { readonly at: number | undefined }) =>
  at === undefined ? <>never</> : <Day at={at} />;
