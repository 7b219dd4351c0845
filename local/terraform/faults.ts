import { setTimeout as wait } from "node:timers/promises";

/** `configure` is the provider's start, when it looks whether its credential works. */
export type Action = "configure" | "read" | "create" | "update" | "delete";

export interface Fault {
  /** Resource type, or for `configure` the provider's source such as `hashicorp/aws`; any if absent. */
  type?: string;
  action?: Action;
  /** The operation takes this long. */
  delayMs?: number;
  /** Then it fails with this instead of being done. */
  error?: { summary: string; detail?: string };
  /** It is done although terraform asks to stop, as real calls that are under way often are. */
  ignoreStop?: boolean;
  /** How often it strikes; always if absent. */
  times?: number;
}

/** An operation that waits for us. */
export interface Hold {
  /** Resolves when an operation has arrived and waits. */
  reached: Promise<void>;
  /** Lets it go on. */
  release: () => void;
}

interface ActiveFault extends Fault {
  left: number;
  pass?: (() => Promise<void>) | undefined;
}

/** Scripted trouble of the simulated clouds. */
export class Faults {
  #active: ActiveFault[] = [];
  readonly #waiting = new Map<string, Set<() => void>>();

  add(fault: Fault): void {
    this.#active.push({ ...fault, left: fault.times ?? Number.POSITIVE_INFINITY });
  }

  /** Makes the next matching operation wait until it is released. */
  hold(fault: Omit<Fault, "delayMs" | "times">): Hold {
    const reached = createGate();
    const released = createGate();
    const pass = async () => {
      reached.open();
      await released.opened;
    };
    this.#active.push({ ...fault, left: 1, pass });
    return { reached: reached.opened, release: released.open };
  }

  clear(): void {
    this.#active = [];
  }

  /**
   * Lets an operation suffer what is scripted for it. Returns the error to answer with, or null.
   * @param client the connection, whose Stop it heeds.
   */
  async strike(type: string, action: Action, client: string): Promise<Fault["error"] | null> {
    for (const fault of this.#active.filter((candidate) => strikes(candidate, type, action))) {
      fault.left -= 1;
      const delays = Promise.all([fault.pass?.(), wait(fault.delayMs ?? 0)]);
      const stopped = await this.#unlessStopped(delays, client, fault.ignoreStop ?? false);
      if (stopped)
        return { summary: "operation canceled", detail: `${action} of ${type} was stopped` };
      if (fault.error) return fault.error;
    }
    return null;
  }

  /** Terraform asks the provider to stop what it does for this connection. */
  stop(client: string): void {
    for (const stop of this.#waiting.get(client) ?? []) stop();
  }

  async #unlessStopped(
    delays: Promise<unknown>,
    client: string,
    ignoreStop: boolean,
  ): Promise<boolean> {
    if (ignoreStop) {
      await delays;
      return false;
    }
    const { opened: stopped, open: stop } = createGate();
    const waiting = this.#waiting.get(client) ?? new Set();
    this.#waiting.set(client, waiting.add(stop));
    try {
      return await Promise.race([stopped.then(() => true), delays.then(() => false)]);
    } finally {
      waiting.delete(stop);
      if (waiting.size === 0) this.#waiting.delete(client);
    }
  }
}

function strikes(fault: ActiveFault, type: string, action: Action): boolean {
  if (fault.left <= 0) return false;
  return (fault.type ?? type) === type && (fault.action ?? action) === action;
}

function createGate(): { opened: Promise<void>; open: () => void } {
  let resolveOpened: (() => void) | undefined;
  const opened = new Promise<void>((resolve) => {
    resolveOpened = resolve;
  });
  return { opened, open: () => resolveOpened?.() };
}
