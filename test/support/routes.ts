/**
 * The routes that answer; what stands in front of them, and what refuses other methods, is none.
 *
 * @param routes an app's, as `METHOD /path`
 */
export function answeringRoutes(routes: readonly string[]): string[] {
  const paths = new Set(routes.filter((route) => !route.startsWith("ALL ")).map((route) => route.split(" ")[1]));
  return routes.filter((route) => {
    const [method = "", path = ""] = route.split(" ");
    return method !== "ALL" || (!path.endsWith("*") && !paths.has(path));
  });
}
