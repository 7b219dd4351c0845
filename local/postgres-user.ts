import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { access, chmod, cp, mkdir, mkdtemp, rename, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The identity a server drops to; empty when we are no root and it simply runs as us. */
export interface ServerUser {
  uid?: number;
  gid?: number;
}

/**
 * PostgreSQL refuses to run as root, as containers often do. Then it runs as `nobody`, who exists on every
 * Unix, so that no account has to be created.
 */
export async function postgresUser(): Promise<ServerUser> {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = await Promise.all([run("id", ["-u", "nobody"]), run("id", ["-g", "nobody"])]);
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

/** Whether everybody may walk down to this path; it need not exist yet itself. */
async function isReachableByAll(path: string): Promise<boolean> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const mode = await stat(folder).then(
      (found) => found.mode,
      () => constants.S_IXOTH,
    );
    if ((mode & constants.S_IXOTH) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

/** A folder of root's that `nobody` can reach, one per distinguishing text. */
function substituteFor(text: string): string {
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 12);
  return join("/var/lib/multicloud-workers", digest);
}

/**
 * Where the data may lie for this user: the wanted folder, or, when it is below a private one such as
 * `/root`, a substitute under /var/lib.
 */
export async function reachableFolder(folder: string, user: ServerUser): Promise<string> {
  if (user.uid === undefined || (await isReachableByAll(folder))) return folder;
  return substituteFor(folder);
}

/**
 * The native binaries (the folder with `bin`, `lib` and `share`) in a place this user can execute: where they
 * are, or a copy made once per version of the binary.
 */
export async function reachableBinaries(native: string, user: ServerUser): Promise<string> {
  if (user.uid === undefined || (await isReachableByAll(join(native, "bin")))) return native;
  const { mtimeMs } = await stat(join(native, "bin", "postgres"));
  const copy = substituteFor(`${native} ${mtimeMs}`);
  const exists = await access(copy).then(
    () => true,
    () => false,
  );
  if (exists) return copy;
  await mkdir(dirname(copy), { recursive: true });
  const unfinished = await mkdtemp(`${copy}-`);
  await chmod(unfinished, 0o755);
  await cp(native, unfinished, { recursive: true, verbatimSymlinks: true });
  await rename(unfinished, copy);
  return copy;
}
