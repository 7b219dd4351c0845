import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";

export interface ServerCommand {
  command: string;
  args: string[];
  /** The signal that asks this server to stop at once but cleanly. */
  stopSignal: "INT" | "TERM";
  /** Output of the server goes here, so that it outlives us without a broken pipe. */
  logFile: string;
  /** User to run as; the current one if absent. */
  uid?: number;
  gid?: number;
  /** A folder to delete once the server has ended, even if we were killed. */
  removeAfter?: string;
}

export interface SupervisedProcess {
  /** Whether the server still runs. */
  isRunning(): boolean;
  /** The last lines the server wrote, for error messages. */
  logTail(): Promise<string>;
  /** Asks the server to stop and waits; kills it after 10 s. Safe to call twice. */
  stop(): Promise<void>;
}

/** A server on this machine did not come up or went away; `logTail` holds its own last words. */
export class LocalServerError extends Error {
  override readonly name = "LocalServerError";
  readonly logTail: string;

  constructor(message: string, logTail = "") {
    super(logTail === "" ? message : `${message}\n${logTail}`);
    this.logTail = logTail;
  }
}

/**
 * The supervisor holds the read end of a pipe whose only write end is ours. Whatever ends us, SIGKILL included,
 * closes that end; the supervisor then stops the server. It needs no more than a POSIX shell.
 * Arguments: stop signal, folder to remove (may be empty), command, its arguments.
 */
const supervisor = `
signal=$1; remove=$2; shift 2
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
(cat <&3 >/dev/null; kill -s "$signal" "$server" 2>/dev/null) &
watcher=$!
exec 3<&-
wait "$server"
status=$?
kill "$watcher" 2>/dev/null
if [ -n "$remove" ]; then rm -rf -- "$remove"; fi
exit "$status"
`;

const stopTimeoutMs = 10_000;

/**
 * Starts a server that cannot outlive this process. It gets a session of its own: Ctrl-C in the terminal reaches
 * us first, and we stop it when our own work is drained.
 */
export function startSupervised(server: ServerCommand): SupervisedProcess {
  const log = openSync(server.logFile, "a");
  const shellArgs = [server.stopSignal, server.removeAfter ?? "", server.command, ...server.args];
  const child = spawn("sh", ["-c", supervisor, "sh", ...shellArgs], {
    detached: true,
    stdio: ["pipe", log, log],
    ...(server.uid === undefined ? {} : { uid: server.uid }),
    ...(server.gid === undefined ? {} : { gid: server.gid }),
  });
  closeSync(log);
  // A supervisor that is gone already has nothing left to be told.
  child.stdin?.on("error", () => {});
  const exited = once(child, "exit").catch(() => {});
  return {
    isRunning: () => isRunning(child),
    logTail: () => tailOf(server.logFile),
    async stop() {
      if (!isRunning(child)) return;
      const kill = setTimeout(() => killGroup(child), stopTimeoutMs);
      child.stdin?.end();
      await exited;
      clearTimeout(kill);
    },
  };
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    // The group has ended in the meantime.
  }
}

async function tailOf(logFile: string): Promise<string> {
  const text = await readFile(logFile, "utf8").catch(() => "");
  return text.trimEnd().split("\n").slice(-8).join("\n");
}
