import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, before, beforeEach, describe, it } from "mocha";
import { pino } from "pino";
import { z } from "zod";
import { startRelay } from "../../scheduler/relay.ts";
import { sweepQueues } from "../../scheduler/sweeper.ts";
import { findJobRun } from "../../tables/job-runs.ts";
import { RetryError } from "../../workers/errors.ts";
import { findPython, runPython } from "../support/python.ts";
import { until } from "../support/until.ts";
import { type WorkerRig, workerRig } from "../support/worker-rig.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/job-contract.md"), "utf8");

/** The first block of Python below a heading. */
function exampleBelow(heading: string): string {
  const [, text = ""] = page.split(`\n${heading}\n`);
  return /```python\n([\s\S]*?)```/.exec(text)?.[1] ?? "";
}

const packages =
  "python3-sqlalchemy and python3-psycopg2 (Debian), or sqlalchemy and psycopg2 (pip)";

describe(`the SQLAlchemy example of docs/job-contract.md (needs ${packages})`, () => {
  const example = exampleBelow("### Python, SQLAlchemy");
  let python: string;
  let rig: WorkerRig;

  before(async function () {
    const found = await findPython(["sqlalchemy", "psycopg2"]);
    if (found === null) this.skip();
    python = found;
  });
  beforeEach(async () => {
    rig = await workerRig();
  });
  afterEach(async () => rig.close());

  const run = async (program: string): Promise<unknown> => {
    const url = '"postgresql://user:password@host/multicloud"';
    expect(program).to.include(url);
    return runPython(python, program.replace(url, JSON.stringify(rig.database.url)));
  };
  const answer = `
import json
print(json.dumps({"job_id": str(job_id), "state": state, "code": code}))`;
  const countRuns = async (): Promise<unknown> =>
    rig.database.dataSource.query("SELECT count(*)::INTEGER AS n FROM job_runs");

  it("stores the job, which then comes to its queue", async () => {
    const { dataSource } = rig.database;
    const log = pino({ level: "silent" });
    const { url: databaseUrl } = rig.database;
    const relay = startRelay({ databaseUrl, database: dataSource, queues: rig.queues, log });
    try {
      const result = await run(example + answer);
      const { job_id: id } = z.object({ job_id: z.uuid() }).parse(result);
      expect(result).to.deep.equal({ job_id: id, state: "queued", code: null });

      const job = await until(async () => rig.queues.sync.getJob(id));
      const payload = { userId: 1, credentialId: 7, idempotencyKey: "first-sync-of-7" };
      expect(job?.data).to.deep.equal(payload);
    } finally {
      await relay.close();
    }
  });

  it("answers with the same job when it is run again", async () => {
    expect(await run(example + answer)).to.deep.equal(await run(example + answer));

    expect(await countRuns()).to.deep.equal([{ n: 1 }]);
  });

  it("raises what the page says for a payload that is refused", async () => {
    const body = example.replace('"credentialId": 7', '"credentialId": "7"').replace(/^/gm, "    ");
    const refused = `try:
${body}
except __import__("sqlalchemy").exc.DataError as error:
    import json
    diag = error.orig.diag
    print(json.dumps([diag.sqlstate, diag.message_primary, diag.message_hint]))`;

    expect(await run(refused)).to.deep.equal([
      "22023",
      "enqueue_job: payload /credentialId: expected a positive integer",
      "Pass credentials.id of one of the user's credentials, as a number.",
    ]);
    expect(page).to.include("`sqlalchemy.exc.DataError`");
    expect(await countRuns()).to.deep.equal([{ n: 0 }]);
  });

  it("leaves no job behind when the session that asked for it rolls back", async () => {
    const [declarations = ""] = example.split("\nwith ");
    const program = `${declarations}
from sqlalchemy.orm import Session
wanted = {"queue": "sync", "payload": {"userId": 1, "credentialId": 7}, "idempotency_key": None}
with Session(engine) as session:
    session.execute(enqueue_job, wanted)
    session.rollback()
    session.execute(enqueue_job, wanted)
    session.commit()
print("null")`;

    await run(program);

    expect(await countRuns()).to.deep.equal([{ n: 1 }]);
  });
});

describe("the bullmq example of docs/job-contract.md", () => {
  let rig: WorkerRig;
  beforeEach(async () => {
    rig = await workerRig();
  });
  afterEach(async () => rig.close());

  const added = z.tuple([z.string(), z.unknown(), z.object({}).loose()]);
  /** The arguments of `queue.add` on the page, which are JSON but for a comma. */
  const readArguments = () => {
    const example = exampleBelow("### Python, bullmq");
    const [, list = ""] = /queue\.add\(([\s\S]*?),\s*\)\n/.exec(example) ?? [];
    return added.parse(JSON.parse(`[${list}]`));
  };
  /**
   * Leaves in Redis what the Python client (3.x) leaves there, as its source and BullMQ's script addStandardJob have it:
   * its own defaults among the options, ids counted from 1, JSON without spaces, and no settings of the queue.
   */
  const addAsPythonDoes = async (): Promise<string> => {
    const [name, data, options] = readArguments();
    const { sync } = rig.queues;
    const redis = rig.redis.connection();
    const id = String(await redis.incr(sync.toKey("id")));
    await redis.hset(sync.toKey(id), {
      name,
      data: JSON.stringify(data),
      opts: JSON.stringify({ ...options, delay: 0, attempts: 0 }),
      timestamp: String(Date.now()),
      delay: "0",
      priority: "0",
    });
    await redis.lpush(sync.toKey("wait"), id);
    await redis.zadd(sync.toKey("marker"), 0, "0");
    return id;
  };

  it("is taken by a worker, which tries again as the contract says although the client asks for no attempts", async () => {
    let attempts = 0;
    const sync = async (): Promise<unknown> => {
      attempts += 1;
      if (attempts === 1) throw new RetryError("PROVIDER_THROTTLED", "later", { afterMs: 1 });
      return { attempts };
    };
    const id = await addAsPythonDoes();

    await rig.start({ sync });

    await until(async () => (await rig.queues.sync.getCompletedCount()) === 1);
    const run = await findJobRun(rig.database.dataSource, "sync", id);
    expect(run).to.deep.include({
      state: "done",
      attempt: 2,
      result: { attempts: 2 },
      userId: 1,
      credentialId: 7,
      idempotencyKey: "first-sync-of-7",
    });
  });

  it("is not taken for a job that no worker can run", async () => {
    const id = await addAsPythonDoes();
    const { redis, database } = rig;
    const log = pino({ level: "silent" });
    const places = { redis: redis.connection(), prefix: redis.prefix, everyMs: 0 };

    expect(await sweepQueues({ ...places, database: database.dataSource, log })).to.equal(0);
    expect(await rig.queues.sync.getJobState(id)).to.equal("waiting");
  });
});
