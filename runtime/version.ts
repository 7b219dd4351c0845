import { readFileSync } from "node:fs";

/** The version in package.json, which lies one folder up in a checkout and two once compiled; `unknown` elsewhere. */
export function readVersion(): string {
  for (const path of ["../package.json", "../../package.json"]) {
    try {
      const found: unknown = JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));
      if (typeof found !== "object" || found === null) continue;
      const version: unknown = Reflect.get(found, "version");
      if (typeof version === "string") return version;
    } catch {
      // The next path is looked at.
    }
  }
  return "unknown";
}
