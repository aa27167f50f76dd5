import { indexText, type ShownToken } from "../../schema/token.ts";
import { clientSetups } from "../../worker/pypi/setups.ts";

/**
 * The text that is printed after a token was made: its purpose, the token, and commands that use it.
 *
 * @param root the server's root address; ends in a slash
 */
export function shownOnce(made: ShownToken & { readonly token: string }, root: URL): string {
  const { id, name, index, scopes, projects, expires, token } = made;
  const can = (scope: "read" | "upload") => scopes.includes(scope) || scopes.includes("admin");
  const base = index === "*" || index === "default" ? "" : `${index}/`;
  return [
    `"${name}" is for ${scopes.join(", ")} on ${indexText(index)}${projects ? `; it writes ${projects.join(", ")} only` : ""}.`,
    `It ends ${expires ? `at ${expires}, or ` : ""}with: pypi-edge token revoke ${id}`,
    "This is the only time that it is shown:",
    "",
    `  ${token}`,
    "",
    ...(can("read") ? reading(new URL(`${base}simple/`, root), index === "*" ? "default" : index, token) : []),
    ...(can("upload") ? writing(new URL(`${base}legacy/`, root), token) : []),
  ].join("\n");
}

function reading(simple: URL, index: string, token: string): string[] {
  const withToken = new URL(simple);
  withToken.username = "__token__";
  withToken.password = token;
  const pip = clientSetups(withToken.href).find(({ client }) => client === "pip")?.steps[0]?.text ?? "";
  const variable = `UV_INDEX_${index.toUpperCase().replaceAll("-", "_")}`;
  return [
    "pip, with the token in the address:",
    `  ${pip}`,
    "uv, with a named index:",
    `  export ${variable}_USERNAME=__token__ ${variable}_PASSWORD=${token}`,
    `  uv add --index ${index}=${simple.href} requests`,
  ];
}

const writing = ({ href }: URL, token: string): string[] => [
  "publishing:",
  `  TWINE_USERNAME=__token__ TWINE_PASSWORD=${token} twine upload --repository-url ${href} dist/*`,
  `  UV_PUBLISH_TOKEN=${token} uv publish --publish-url ${href} dist/*`,
];
