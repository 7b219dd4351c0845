import { isPluginLost, type Stage } from "./errors.ts";
import { LogTail } from "./log-tail.ts";
import type { ChangeCounts, Diagnostic, Message, Operation } from "./parse-message.ts";

/** An operation that was begun and has not ended yet. */
export type InFlight = Pick<Operation, "address" | "type" | "action" | "elapsedSeconds">;

/** A resource that the provider says it created. */
export interface Created {
  address: string;
  type: string;
  /** The provider's id; null for the rare types that report none. */
  id: string | null;
}

/** Percent at the start of each stage and after the last; the rest of 95 to 100 is for storing the result. */
const spans = { init: [5, 15], plan: [15, 30], apply: [30, 95], read: [95, 95] } as const;

/** Typical seconds of an operation on a type, by experience with the real clouds; 20 for all others. */
const typicalSeconds: Record<string, number> = {
  aws_instance: 40,
  azurerm_linux_virtual_machine: 60,
  azurerm_resource_group: 15,
  azurerm_storage_account: 40,
  google_compute_instance: 30,
  google_compute_network: 40,
};

/** Units of work of a planned action; a replacement is a deletion and a creation. */
const unitsOfAction: Record<string, number> = {
  create: 1,
  update: 1,
  delete: 1,
  import: 1,
  replace: 2,
};

/**
 * What the messages of a run say so far, and how far it is. The percentage never falls, and reaches 100 only
 * by `finish`, when the caller has stored the result.
 */
export class RunProgress {
  readonly inFlight = new Map<string, InFlight>();
  readonly log = new LogTail();
  readonly created: Created[] = [];
  readonly diagnostics: Diagnostic[] = [];
  /** Addresses that changed outside of terraform. */
  readonly drifted: string[] = [];
  /** Counts of the plan, then of the apply. */
  planned: ChangeCounts | null = null;
  applied: ChangeCounts | null = null;
  /** Units of work done in the apply, and in all. */
  done = 0;
  units = 0;
  readonly #errored = new Map<string, InFlight>();
  #stage: Stage = "init";
  #percent = 0;

  /** Begins a stage. The apply repeats the planned changes, so its units are counted afresh. */
  enter(stage: Stage): void {
    this.#stage = stage;
    this.units = 0;
    this.drifted.length = 0;
    this.#raise(spans[stage][0]);
  }

  add(message: Message): void {
    this.log.add(message);
    switch (message.type) {
      case "planned_change":
        this.units += unitsOfAction[message.change.action] ?? 0;
        break;
      case "resource_drift":
        this.drifted.push(message.change.resource.address);
        break;
      case "change_summary":
        if (message.changes.operation === "plan") this.planned = message.changes.counts;
        else this.applied = message.changes.counts;
        break;
      case "diagnostic":
        this.diagnostics.push(message.diagnostic);
        break;
      case "apply_start":
      case "apply_progress":
        this.inFlight.set(message.hook.address, message.hook);
        break;
      case "apply_complete":
        this.#complete(message.hook);
        break;
      case "apply_errored":
        this.inFlight.delete(message.hook.address);
        this.#errored.set(message.hook.address, message.hook);
        break;
      case "text":
        break;
    }
    this.#raise(this.#estimate());
  }

  /** The result is stored. */
  finish(): void {
    this.#raise(100);
  }

  /** 0 to 100, whole, never falling. */
  get percent(): number {
    return Math.floor(this.#percent);
  }

  get errors(): Diagnostic[] {
    return this.diagnostics.filter((diagnostic) => diagnostic.severity === "error");
  }

  /**
   * Operations that nobody knows the outcome of once the run has ended: those in flight, and those whose provider's
   * plugin was lost. Terraform calls the latter failed, like one that the provider refused.
   */
  get unanswered(): InFlight[] {
    const inFlight = [...this.inFlight.values()];
    if (!this.errors.some(isPluginLost)) return inFlight;
    const answers = this.errors.filter((diagnostic) => !isPluginLost(diagnostic));
    const answered = new Set(answers.map(({ address }) => address));
    const errored = [...this.#errored.values()];
    return [...inFlight, ...errored.filter(({ address }) => !answered.has(address))];
  }

  #complete(operation: Operation): void {
    this.inFlight.delete(operation.address);
    // Reads of data sources are reported too, but were no planned change.
    if (operation.action === "read") return;
    this.done += 1;
    if (operation.action !== "create") return;
    this.created.push({ address: operation.address, type: operation.type, id: operation.id });
  }

  #estimate(): number {
    const [from, to] = spans[this.#stage];
    if (this.#stage !== "apply" || this.units === 0) return from;
    let begun = 0;
    for (const { type, elapsedSeconds } of this.inFlight.values()) {
      begun += Math.min(0.9, elapsedSeconds / (typicalSeconds[type] ?? 20));
    }
    return from + (to - from) * Math.min(1, (this.done + begun) / this.units);
  }

  #raise(percent: number): void {
    this.#percent = Math.max(this.#percent, percent);
  }
}
