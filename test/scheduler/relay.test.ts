import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { pino } from "pino";
import type { DataSource } from "typeorm";
import type { Queues } from "../../queues/open-queues.ts";
import { type Relay, type RelayOptions, startRelay } from "../../scheduler/relay.ts";
import type { TestDatabase } from "../support/database.ts";
import { until } from "../support/until.ts";
import { type WorkerRig, workerRig } from "../support/worker-rig.ts";

describe("startRelay", () => {
  let rig: WorkerRig;
  let database: TestDatabase;
  let queues: Queues;
  let relays: Relay[];

  beforeEach(async () => {
    rig = await workerRig();
    ({ database, queues } = rig);
    relays = [];
  });
  afterEach(async () => {
    await Promise.all(relays.map(async (relay) => relay.close()));
    await rig.close();
  });

  const never = 3_600_000;
  const start = (changes: Partial<RelayOptions> = {}): void => {
    const log = pino({ level: "silent" });
    const services = { databaseUrl: database.url, database: database.dataSource, queues, log };
    relays.push(startRelay({ ...services, pollMs: never, ...changes }));
  };
  const isListening = async (count = 1): Promise<void> => {
    await until(async () => (await listeners()).length === count, { what: "the relay listens" });
  };
  const listeners = async (): Promise<{ pid: number }[]> =>
    database.dataSource.query(
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database()
       AND application_name = 'multicloud-listener' AND state = 'idle' AND query LIKE 'LISTEN%'`,
    );
  const enqueue = async (on: Pick<DataSource, "query"> = database.dataSource, extra = "") => {
    const [row]: { id: string }[] = await on.query(
      `SELECT enqueue_job('sync', '{"userId":1,"credentialId":7}'${extra}) AS id`,
    );
    return row?.id ?? "";
  };
  const enqueueMany = async (count: number): Promise<void> => {
    await database.dataSource.query(
      `SELECT enqueue_job('sync', '{"userId":1,"credentialId":7}') FROM generate_series(1, $1)`,
      [count],
    );
  };
  const unsent = async (): Promise<number> => {
    const [row]: { n: number }[] = await database.dataSource.query(
      "SELECT count(*)::integer AS n FROM job_requests WHERE sent_at IS NULL",
    );
    return row?.n ?? -1;
  };

  it("brings a request to Redis at its commit, and nothing before", async () => {
    start();
    await isListening();
    const runner = database.dataSource.createQueryRunner();
    await runner.startTransaction();
    const id = await enqueue(runner);
    const other = await enqueue();
    await until(async () => (await queues.sync.getJobState(other)) === "waiting");
    expect(await queues.sync.getJob(id)).to.equal(undefined);

    const committed = performance.now();
    await runner.commitTransaction();
    await runner.release();
    await until(async () => (await queues.sync.getJobState(id)) === "waiting");

    expect(performance.now() - committed).to.be.below(1_000);
    const job = await queues.sync.getJob(id);
    expect(job?.data).to.deep.equal({ userId: 1, credentialId: 7 });
    expect(job?.opts.removeOnComplete).to.be.an("object");
    await until(async () => (await unsent()) === 0);
  });

  it("does not keep a request waiting behind the thousands that came before it", async () => {
    await enqueueMany(1_000);
    const quiet = await enqueue();

    start({ batchSize: 20 });
    await until(async () => (await unsent()) === 0);

    const place = await rig.redis.connection().lpos(queues.sync.toKey("wait"), quiet, "RANK", -1);
    expect(1_000 - Number(place)).to.be.below(20);
  });

  it("brings nothing of a transaction that is rolled back", async () => {
    start();
    await isListening();
    const runner = database.dataSource.createQueryRunner();
    await runner.startTransaction();
    const id = await enqueue(runner);
    await runner.rollbackTransaction();
    await runner.release();

    const next = await enqueue();
    await until(async () => (await queues.sync.getJobState(next)) === "waiting");
    expect(await queues.sync.getJob(id)).to.equal(undefined);
  });

  it("brings what was committed while no relay ran, in batches", async () => {
    await enqueueMany(25);

    start({ batchSize: 10 });
    await until(async () => (await unsent()) === 0);

    expect(await queues.sync.getWaitingCount()).to.equal(25);
  });

  it("delays what is not to start yet", async () => {
    start();
    const id = await enqueue(undefined, ", run_at => now() + interval '1 hour'");
    await until(async () => (await queues.sync.getJobState(id)) === "delayed");

    expect((await queues.sync.getJob(id))?.delay).to.be.within(3_590_000, 3_600_000);
  });

  it("shares the requests with other relays, each taken once", async () => {
    for (let relay = 1; relay <= 3; relay += 1) start({ batchSize: 20 });
    await isListening(3);

    for (let burst = 1; burst <= 5; burst += 1) await enqueueMany(60);
    await until(async () => (await unsent()) === 0);

    expect(await queues.sync.getWaitingCount()).to.equal(300);
  });

  it("adds a request once more, to no effect, when it died before it noted the first time", async () => {
    const id = await enqueue();
    // What a relay leaves that was killed between the two stores: Redis has the job, the outbox does not know.
    await queues.sync.add("sync", { userId: 1, credentialId: 7 }, { jobId: id });
    const before = await queues.sync.getJob(id);

    start();
    await until(async () => (await unsent()) === 0);

    expect(await queues.sync.getWaitingCount()).to.equal(1);
    expect((await queues.sync.getJob(id))?.timestamp).to.equal(before?.timestamp);
  });

  it("hears of requests again after its connections were cut", async () => {
    start();
    await isListening();
    const [old] = await listeners();
    await database.dataSource.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    await until(async () => (await listeners()).some(({ pid }) => pid !== old?.pid));

    const id = await until(async () => enqueue());
    await until(async () => (await queues.sync.getJobState(id)) === "waiting");
  });

  it("finds by polling what it was not told of", async () => {
    start({ pollMs: 20 });
    await isListening();
    await database.dataSource.query(
      `INSERT INTO job_runs (id, queue, job_id, queued_at, state, fencing_token, payload)
       VALUES ('00000000-0000-4000-8000-000000000001', 'sync', 'x', now(), 'queued', 0, '{"userId":1}')`,
    );
    await database.dataSource.query("INSERT INTO job_requests (id) SELECT id FROM job_runs");

    await until(async () => (await unsent()) === 0);
    expect(await queues.sync.getWaitingCount()).to.equal(1);
  });

  it("keeps the requests and stays up while Redis refuses them", async () => {
    const elsewhere = rig.redis.connection();
    await elsewhere.set(queues.sync.toKey("wait"), "not a list");
    start({ pollMs: 1_000 });
    const id = await enqueue();
    await until(async () => (await queues.sync.getJob(id)) !== undefined);
    expect(await unsent()).to.equal(1);

    await elsewhere.unlink(queues.sync.toKey("wait"), queues.sync.toKey(id));
    await until(async () => (await unsent()) === 0);
    expect(await queues.sync.getWaitingCount()).to.equal(1);
  });
});
