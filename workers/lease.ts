import type { DataSource, EntityManager } from "typeorm";
import { storableValue } from "../runtime/storable.ts";
import {
  type Claim,
  holdFence,
  LostClaimError,
  recordEnding,
  recordHeartbeat,
} from "../tables/claims.ts";

/** How often a running job shows that its worker is alive, in milliseconds: five times while a lock of 15 s lasts. */
export const usualHeartbeatMs = 3_000;

/** Effects of a job: statements on the manager of the transaction they belong to. */
export type Work<T> = (manager: EntityManager) => Promise<T>;

/**
 * A worker's hold on a job while it runs: commits effects only while the claim is current, and aborts the job as
 * soon as it turns out that it is not.
 */
export class Lease {
  readonly claim: Claim;
  readonly #database: DataSource;
  readonly #abort: AbortController;
  readonly #timer: NodeJS.Timeout;
  #finished: { result: unknown } | undefined;

  constructor(
    database: DataSource,
    claim: Claim,
    { abort, heartbeatMs }: { abort: AbortController; heartbeatMs: number },
  ) {
    this.claim = claim;
    this.#database = database;
    this.#abort = abort;
    this.#timer = setInterval(() => void this.#beat(), heartbeatMs);
  }

  /**
   * Runs effects in one transaction, fenced. Throws LostClaimError instead of committing after the claim was lost.
   * `on` is the manager of a connection that holds something the work needs, such as a temporary table.
   */
  async commit<T>(work: Work<T>, on: EntityManager = this.#database.manager): Promise<T> {
    return on.transaction(async (manager) => {
      await holdFence(manager, this.claim);
      return work(manager);
    });
  }

  /** The last effects of a job and the ledger's `done`, in one transaction: both or neither. */
  async finish<T>(work: Work<T>, on?: EntityManager): Promise<T> {
    const result = await this.commit(async (manager) => {
      const value = await work(manager);
      await recordEnding(manager, this.claim, { state: "done", result: storableValue(value) });
      return value;
    }, on);
    this.#finished = { result };
    return result;
  }

  /** What `finish` has recorded, if it has. */
  get finished(): { result: unknown } | undefined {
    return this.#finished;
  }

  release(): void {
    clearInterval(this.#timer);
  }

  async #beat(): Promise<void> {
    if (this.#finished) return;
    try {
      await recordHeartbeat(this.#database, this.claim);
    } catch (error) {
      // The database being away for a moment is no reason to stop; the fence decides when it is back.
      if (error instanceof LostClaimError && !this.#finished) this.#abort.abort(error);
    }
  }
}
