import { TOKEN_PREFIX } from "./token.ts";

/** The same sentence for unknown, revoked and wrong tokens: an attacker must not learn which tokens exist. */
export const UNKNOWN_TOKEN =
  "This token is not known here, or it was revoked; ask the administrator of this index for another.";

const CHARACTERS_AROUND = "This token has other characters around it, such as quotes or spaces: show it without them.";

const NOT_WHOLE = `This is no whole token: one is ${TOKEN_PREFIX}, 16 characters, an underscore and 43 more. Was it cut or changed when it was copied?`;

const A_NAME =
  "This is no token, but a name in the place of one: a variable that was not replaced by its value, or the word of an example.";

const AS_USER_NAME = "The token was shown as the user name. Show it as the password; any user name will do.";

/** A whole token somewhere in a text. */
const WITHIN = new RegExp(`${TOKEN_PREFIX}[\\da-f]{16}_[\\w-]{43}(?![\\w-])`);

/** `$TOKEN`, `${TOKEN}`, `%TOKEN%`, `${{ secrets.TOKEN }}`, `<token>`, and the words of the examples. */
const NAME = /^(?:\$\{?[\w:]+\}?|%\w+%|\$?\{\{.*\}\}|<.*>|TOKEN|T)$/;

/**
 * What is wrong with a credential that does not have a token's form, in a sentence. It is known by the form alone, so that it says
 * nothing of the tokens that exist.
 *
 * @param shown the password, or what stands for it
 * @param userName what was shown beside it
 */
export function faultOfForm(shown: string, userName: string): string {
  if (WITHIN.test(shown)) return CHARACTERS_AROUND;
  if (shown.toLowerCase().includes(TOKEN_PREFIX)) return NOT_WHOLE;
  if (userName.startsWith(TOKEN_PREFIX)) return AS_USER_NAME;
  return NAME.test(shown) ? A_NAME : UNKNOWN_TOKEN;
}
