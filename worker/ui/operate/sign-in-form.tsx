import type { Context as HonoContext } from "hono";
import type { AppEnv } from "../../http/context.ts";
import { keepsSessions } from "../../http/claimant.ts";
import type { PagePlace } from "../layout.tsx";

interface SignInFormProps {
  readonly c: Pick<HonoContext<AppEnv>, "req">;
  readonly place: PagePlace;
  /** Where to go on then: a path below the server's root, with its query. */
  readonly next: string;
  readonly lead: string;
  /** Why the token that was sent last opens nothing. */
  readonly refusal?: string | undefined;
}

/** Where a person gives a token to the browser: in the body of a request, never in an address. */
export function SignInForm({ c, place: { up, host }, next, lead, refusal }: SignInFormProps) {
  const { req } = c;
  // Browsers send it over https and to loopback alone (Fetch Metadata, 2), where a proxy may be between.
  const isPlain = req.header("Sec-Fetch-Site") === undefined && !keepsSessions(new URL(host));
  return (
    <>
      <p class="lead">{lead}</p>
      {refusal !== undefined && (
        <p class="card note alarm" role="alert">
          {refusal}
        </p>
      )}
      {isPlain && (
        <p class="card note alarm">
          Where the address that your browser shows begins with http:, do not sign in: the token would travel as plain
          text, and browsers keep no sign-in. It takes https, or a server on this machine.
        </p>
      )}
      <form method="post" action={`${up}-/sign-in`} class="card fields">
        <input type="hidden" name="next" value={next} />
        {/* For what keeps passwords: it files a token under this name. */}
        <input name="username" value="__token__" autocomplete="username" hidden />
        <label>
          Token
          <input
            type="password"
            name="token"
            required
            maxlength={300}
            autocomplete="current-password"
            autocapitalize="none"
            spellcheck={false}
          />
        </label>
        <button class="main">Sign in</button>
      </form>
      {req.header("Sec-Fetch-Site") === "cross-site" && (
        <p>
          Signed in already? A link of another site has led you here, and browsers leave a sign-in out then:{" "}
          <a href={up + next.slice(1)}>open this page</a>.
        </p>
      )}
      <p class="soft small">
        A sign-in allows what its token allows, lasts for 8 hours at most, and ends at once when you sign out or the
        token is revoked. The browser does not keep the token. Whoever administers the index makes tokens:{" "}
        <code>pypi-edge token create</code>. The first one, <code>ADMIN_TOKEN</code>, is on one machine in the file{" "}
        <code>admin-token</code> of the state directory; on Cloudflare, <code>pypi-edge deploy</code> printed it.
      </p>
    </>
  );
}
