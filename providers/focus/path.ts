import { realpath, stat } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";
import { FocusFileError } from "./errors.ts";

/** What the system says of a path that names nothing; anything else is trouble with the disk or its rights. */
const leadingNowhere = new Set(["ENOENT", "ENOTDIR", "ENAMETOOLONG", "ELOOP"]);

/**
 * The real path of a tenant's cost file inside the operator's folder (COST_FILES_DIR). Throws FocusFileError
 * when the path is absolute, goes up, leaves the folder through a symbolic link, or is no regular file. The
 * message repeats the tenant's own path and nothing of the machine's. Throws the system's error when the folder or the
 * file cannot be read.
 */
export async function resolveCostFile(folder: string, path: string): Promise<string> {
  const refuse = (why: string) =>
    new FocusFileError("PATH_REFUSED", `settings.cost.path ${JSON.stringify(path)} ${why}`);
  if (path === "" || path.includes("\0")) throw refuse("is no file name");
  if (isAbsolute(path)) throw refuse("is absolute; it must be relative to the cost folder");
  if (path.split(/[/\\]/).includes("..")) throw refuse('goes up by ".."');
  const root = await realpath(folder);
  const found = await realpath(join(root, path)).catch((cause: NodeJS.ErrnoException) => {
    if (!leadingNowhere.has(cause.code ?? "")) throw cause;
    const message = `settings.cost.path ${JSON.stringify(path)} does not exist`;
    throw new FocusFileError("NOT_FOUND", message, { cause });
  });
  const inside = relative(root, found);
  if (inside === ".." || inside.startsWith(`..${sep}`)) throw refuse("leaves the cost folder");
  if (!(await stat(found)).isFile()) throw refuse("is no file");
  return found;
}
