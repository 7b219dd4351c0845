import { readFile } from "node:fs/promises";
import { execa } from "execa";

/** A process that can be told from a later one with the same pid. */
export interface ProcessIdentity {
  pid: number;
  /** Opaque: clock ticks since boot on Linux, the start date as `ps` prints it elsewhere. */
  startTime: string;
  /** Its process group, whose leader is the wrapper. */
  groupId: number;
  /** The boot of the machine it was started in; empty where the system tells none. Pids and ticks begin anew with it. */
  bootId: string;
}

interface ProcessStatus extends Omit<ProcessIdentity, "bootId"> {
  /** Ended, but not yet collected by its parent. */
  isZombie: boolean;
}

/** Reads what a process noted about itself: its pid and, where there is `/proc`, its status line and the boot. */
export async function parseIdentity(text: string): Promise<ProcessIdentity | null> {
  const [pid = "", stat = "", bootId = ""] = text.split("\n");
  const status = stat === "" ? await readStatus(Number(pid)) : parseStat(stat);
  if (!status) return null;
  return { pid: status.pid, startTime: status.startTime, groupId: status.groupId, bootId };
}

/** Whether that very process still runs. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  if (!(await isOfThisBoot(identity))) return false;
  const status = await readStatus(identity.pid);
  return status !== null && !status.isZombie && status.startTime === identity.startTime;
}

/** Whether the wrapper, the leader of the group, still runs. It is older than terraform; a reused pid is younger. */
export async function isLeaderAlive(identity: ProcessIdentity): Promise<boolean> {
  if (!(await isOfThisBoot(identity))) return false;
  const status = await readStatus(identity.groupId);
  if (!status || status.isZombie || status.groupId !== identity.groupId) return false;
  return comparableTime(status.startTime) <= comparableTime(identity.startTime);
}

async function isOfThisBoot({ bootId }: ProcessIdentity): Promise<boolean> {
  if (bootId === "") return true;
  const now = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => bootId);
  return now.trim() === bootId;
}

function comparableTime(startTime: string): number {
  return process.platform === "linux" ? Number(startTime) : Date.parse(startTime);
}

async function readStatus(pid: number): Promise<ProcessStatus | null> {
  if (process.platform !== "linux") return readStatusByPs(pid);
  return readFile(`/proc/${pid}/stat`, "utf8").then(parseStat, () => null);
}

/** Fields of proc(5) `stat`: pid, (name), state, ppid, pgrp, … start time is the 22nd. The name may hold anything. */
function parseStat(stat: string): ProcessStatus | null {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, , groupId] = fields;
  const startTime = fields[19];
  if (state === undefined || groupId === undefined || startTime === undefined) return null;
  return {
    pid: Number.parseInt(stat, 10),
    startTime,
    groupId: Number(groupId),
    isZombie: state === "Z" || state === "X",
  };
}

async function readStatusByPs(pid: number): Promise<ProcessStatus | null> {
  const result = await execa("ps", ["-o", "pgid=,state=,lstart=", "-p", String(pid)], {
    reject: false,
  });
  const match = /^\s*(\d+)\s+(\S+)\s+(.+)$/.exec(result.stdout ?? "");
  if (!match) return null;
  const [, groupId = "", state = "", startTime = ""] = match;
  return {
    pid,
    startTime: startTime.trim(),
    groupId: Number(groupId),
    isZombie: state.startsWith("Z"),
  };
}
