import { ADMIN_TOKEN, type Rig } from "./rig.ts";

/** What a browser says of a form that a page of this server sends. */
export const FROM_HERE = { "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate" };

const FORM = { "Content-Type": "application/x-www-form-urlencoded", Accept: "text/html" };

/** Sends a form, as a browser does from a page of this server unless the headers say something else. */
export async function sendForm(
  rig: Rig,
  path: string,
  fields: Record<string, string> | URLSearchParams,
  headers: Record<string, string> = {},
) {
  const body = new URLSearchParams(fields).toString();
  const init = { method: "POST", body, headers: { ...FORM, ...FROM_HERE, ...headers } };
  const { response, settled } = await rig.open(path, init);
  const text = await response.text();
  await settled();
  return { status: response.status, headers: response.headers, text };
}

/** Signs in as a browser does. */
export async function signIn(rig: Rig, token = ADMIN_TOKEN, next = "/-/sign-in") {
  const answer = await sendForm(rig, "/-/sign-in", { token, next });
  const [cookie = ""] = (answer.headers.get("Set-Cookie") ?? "").split(";");
  return { ...answer, cookie, session: { Cookie: cookie } };
}

/** The fields that a page's form for an address has, but for those that a person fills in. */
export function hiddenFields(page: string, to: string): Record<string, string> {
  const forms = page.split("<form").slice(1);
  const form = forms.find((each) => each.split(">", 1)[0]?.includes(`action="${to}"`));
  if (form === undefined)
    throw new Error(`The page has no form for ${to}: ${forms.map((each) => each.slice(0, 80)).join("\n")}`);
  const inputs = (form.split("</form>", 1)[0] ?? "").matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g);
  return Object.fromEntries([...inputs].map(([, name = "", value = ""]) => [name, value]));
}
