import { expect } from "chai";
import type { DataSource } from "typeorm";
import { Schedule } from "../../entities/schedule.ts";
import type { Handler } from "../../workers/handler.ts";
import { addCredentials } from "./credentials.ts";
import { type SchedulerReplica, startReplica } from "./scheduler-replica.ts";
import { until } from "./until.ts";
import { type WorkerRig, workerRig } from "./worker-rig.ts";

const schedule = "every-second";
/** Jobs of this queue never stand for one another. */
const queue = "health-check";

/** What one slot has come to for one credential. */
interface SlotJobs {
  slot: Date;
  credentialId: number;
  jobs: number;
  /** Those that ended well, and what they left in the table that the worker writes to. */
  done: number;
  effects: number;
}

/** A schedule with a slot every second, a worker that does its jobs, and replicas of the scheduler that share it. */
export interface EverySecond {
  /** Those that run. */
  replicas: SchedulerReplica[];
  start(skewMs: number): SchedulerReplica;
  /** Kills the replica that enqueued last. Returns it. */
  killBusiest(): Promise<SchedulerReplica>;
  /** The newest slot that is enqueued, in milliseconds since 1970; 0 before the first. */
  lastSlot(): Promise<number>;
  /** Ends the schedule, then the replicas in good order, when all jobs are done. */
  end(timeoutMs: number): Promise<void>;
  /** Every second from the first slot to the last has exactly one job for each credential, done once. Returns how many. */
  expectEachSlotOnce(): Promise<number>;
  /** The greatest time from a slot after a moment to the end of its jobs, in milliseconds. */
  greatestLag(after: number): Promise<number>;
  close(): Promise<void>;
}

export async function everySecond(): Promise<EverySecond> {
  const rig = await workerRig();
  const { dataSource } = rig.database;
  const credentialIds = await addCredentials(dataSource, [{}, {}, {}]);
  await addSchedule(dataSource);
  await startWorker(rig);

  const replicas: SchedulerReplica[] = [];
  const start = (skewMs: number): SchedulerReplica => {
    const replica = startReplica(rig.places, skewMs);
    replicas.push(replica);
    return replica;
  };
  const killBusiest = async (): Promise<SchedulerReplica> => {
    const [busiest] = replicas.toSorted((one, other) => other.lastSlot.localeCompare(one.lastSlot));
    if (!busiest) throw new Error("no replica runs");
    replicas.splice(replicas.indexOf(busiest), 1);
    await busiest.kill();
    return busiest;
  };
  const end = async (timeoutMs: number): Promise<void> => {
    await dataSource.getRepository(Schedule).update({ name: schedule }, { isEnabled: false });
    await until(async () => isAllDone(rig), { timeoutMs, what: "all jobs are done" });
    const ended = replicas.splice(0);
    const codes = await Promise.all(ended.map(async (replica) => replica.stop()));
    expect(codes).to.deep.equal(ended.map(() => 0));
  };
  const close = async (): Promise<void> => {
    await Promise.all(replicas.map(async (replica) => replica.kill()));
    await rig.close();
  };
  const lastSlot = async (): Promise<number> => readLastSlot(dataSource);
  const expectEachSlotOnce = async (): Promise<number> => expectOnce(rig, credentialIds);
  const greatestLag = async (after: number): Promise<number> => readLag(dataSource, after);
  return { replicas, start, killBusiest, lastSlot, end, expectEachSlotOnce, greatestLag, close };
}

/** Jobs for one user start at the slot; those for all users would be spread over the time to the next one. */
async function addSchedule(dataSource: DataSource): Promise<void> {
  const [owner]: { id: number }[] = await dataSource.query("SELECT id FROM users");
  const times = { name: schedule, queue, cron: "* * * * * *", userId: owner?.id ?? null };
  const misfire = { misfire: "catch_up", catchUp: 100 } as const;
  await dataSource.getRepository(Schedule).save({ ...times, ...misfire });
}

async function startWorker(rig: WorkerRig): Promise<void> {
  await rig.database.dataSource.query("CREATE TABLE effects (run UUID)");
  const work: Handler<typeof queue> = async ({ runId, finish }) =>
    finish(async (manager) => manager.query("INSERT INTO effects VALUES ($1)", [runId]));
  await rig.start({ [queue]: work });
}

async function readLastSlot(dataSource: DataSource): Promise<number> {
  const row = await dataSource.getRepository(Schedule).findOneBy({ name: schedule });
  return row?.lastSlot?.getTime() ?? 0;
}

async function isAllDone({ database, queues }: WorkerRig): Promise<boolean> {
  const [ledger]: { open: number; unsent: number }[] = await database.dataSource.query(
    `SELECT (SELECT count(*) FROM job_runs WHERE finished_at IS NULL)::INTEGER AS open,
            (SELECT count(*) FROM job_requests WHERE sent_at IS NULL)::INTEGER AS unsent`,
  );
  const { completed = 0, ...others } = await queues[queue].getJobCounts();
  const pending = [...Object.values(others), ledger?.open, ledger?.unsent];
  if (completed > 0 && pending.every((count) => count === 0)) return true;
  throw new Error(`not done yet: ${JSON.stringify({ ...others, ...ledger })}`);
}

/** A job for one user starts at its slot. */
const slotOfJob = "run_at";

async function jobsBySlot(dataSource: DataSource): Promise<SlotJobs[]> {
  return dataSource.query(
    `SELECT ${slotOfJob} AS slot, credential_id AS "credentialId", count(*)::INTEGER AS jobs,
            count(*) FILTER (WHERE state = 'done')::INTEGER AS done,
            sum((SELECT count(*) FROM effects WHERE run = job_runs.id))::INTEGER AS effects
     FROM job_runs WHERE queue = $1 GROUP BY 1, 2 ORDER BY 1, 2`,
    [queue],
  );
}

async function readLag(dataSource: DataSource, after: number): Promise<number> {
  const [row]: { lagMs: number }[] = await dataSource.query(
    `SELECT max(1000 * extract(EPOCH FROM finished_at - ${slotOfJob}))::FLOAT8 AS "lagMs"
     FROM job_runs WHERE ${slotOfJob} > $1`,
    [new Date(after)],
  );
  return row?.lagMs ?? Number.NaN;
}

async function expectOnce(rig: WorkerRig, credentialIds: readonly number[]): Promise<number> {
  const { dataSource } = rig.database;
  const found = await jobsBySlot(dataSource);
  const [first = 0, last = 0] = [found.at(0)?.slot.getTime(), found.at(-1)?.slot.getTime()];
  const slots = (last - first) / 1_000 + 1;
  const nameOf = ({ slot, credentialId }: Pick<SlotJobs, "slot" | "credentialId">): string =>
    `${slot.toISOString()} of ${credentialId}`;
  const names = new Set(found.map(nameOf));
  const seconds = Array.from({ length: slots }, (_, index) => new Date(first + index * 1_000));
  const missing = seconds
    .flatMap((slot) => credentialIds.map((credentialId) => nameOf({ slot, credentialId })))
    .filter((name) => !names.delete(name));
  const wrong = found.filter(({ jobs, done, effects }) => jobs * done * effects !== 1);
  expect({ missing, unwanted: [...names], wrong }).to.deep.equal({
    missing: [],
    unwanted: [],
    wrong: [],
  });
  expect(last).to.be.at.least(await readLastSlot(dataSource));
  // Redis did nothing that the ledger does not know.
  expect(await rig.queues[queue].getCompletedCount()).to.equal(found.length);
  return slots;
}
