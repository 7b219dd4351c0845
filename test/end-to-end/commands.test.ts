import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { openAwsAccount } from "../../local/accounts.ts";
import type { World } from "../../local/world.ts";
import { type CommandResult, multicloud } from "../support/command.ts";
import { emptyWorld } from "../support/test-world.ts";

/** The commands in the order in which a new installation needs them; each works with what those before it made. */
describe("the command line", function () {
  this.timeout(120_000);
  let world: World;

  before(async () => {
    world = await emptyWorld();
  });
  after(async () => world?.close());

  const run = async (args: string[], input?: string): Promise<CommandResult> =>
    multicloud(args, { environment: world.environment, ...(input !== undefined && { input }) });

  it("names all missing variables at once, as text and as JSON", async () => {
    const { PATH = "", HOME = "" } = world.environment;

    const answer = await multicloud(["worker"], { environment: { PATH, HOME } });

    expect(answer.exitCode).to.equal(1);
    for (const name of ["DATABASE_URL", "REDIS_URL", "CREDENTIAL_KEYS"]) {
      expect(answer.stderr).to.include(`${name} is missing`);
    }
    expect(answer.json).to.have.nested.property("error.code", "CONFIG_INVALID");
  });

  it("migrates an empty database, and finds nothing to do the second time", async () => {
    const first = await run(["migrate"]);
    const second = await run(["migrate"]);

    expect(first.exitCode, first.stderr).to.equal(0);
    expect(first.json).to.have.property("ran").that.includes("InitialSchema1763856000001");
    expect(second).to.deep.include({ exitCode: 0, json: { ran: [] } });
  });

  it("adds a user, and refuses the same address again", async () => {
    const user = ["users", "add", "--email", "someone@example.com"];
    const first = await run(user);
    const [second, capitals] = await Promise.all([
      run(user),
      run(["users", "add", "--email", "Someone@Example.com"]),
    ]);

    expect(capitals.json).to.deep.equal(second.json);
    expect(first).to.deep.include({ exitCode: 0, json: { id: 1 } });
    expect(second.exitCode).to.equal(1);
    expect(second.json).to.deep.equal({
      error: { code: "USAGE", message: "--email: someone@example.com exists" },
    });
  });

  it("adds credentials from a file and from standard input", async () => {
    const { fields } = openAwsAccount(world.aws, { seed: 31, resources: 5 });
    const file = join(world.folder, "credential.json");
    await writeFile(file, JSON.stringify(fields));
    const add = ["credentials", "add", "--user", "1", "--provider", "aws", "--name", "mine"];

    const fromFile = await run([...add, "--settings", '{"regions":["eu-west-1"]}', "--file", file]);
    const [fromInput, incomplete] = await Promise.all([
      run([...add, "--file", "-"], JSON.stringify(fields)),
      run([...add, "--file", "-"], '{"access_key":"AKIA"}'),
    ]);

    expect(fromFile).to.deep.include({ exitCode: 0, json: { id: 1 } });
    expect(fromInput).to.deep.include({ exitCode: 0, json: { id: 2 } });
    expect(incomplete.exitCode).to.equal(1);
    expect(incomplete.json).to.have.nested.property(
      "error.message",
      "--file: aws needs secret_key",
    );
  });

  it("verifies and rotates credentials", async () => {
    const [verified, rotated] = await Promise.all([
      run(["credentials", "verify"]),
      run(["credentials", "rotate"]),
    ]);

    const one = { ok: true, code: null, message: "is account 100000000031" };
    expect(verified).to.deep.include({
      exitCode: 0,
      json: {
        credentials: [
          { id: 1, ...one },
          { id: 2, ...one },
        ],
      },
    });
    expect(rotated).to.deep.include({
      exitCode: 0,
      json: { credentials: 0, states: 0, failed: [] },
    });
  });

  it("adds a resource", async () => {
    const add = ["resources", "add", "--user", "1", "--provider", "aws", "--type", "network"];

    const added = await run([...add, "--name", "shop", "--spec", '{"region":"eu-west-1"}']);

    expect(added).to.deep.include({ exitCode: 0, json: { id: 1 } });
  });

  it("adds jobs, and waits for one until a worker has ended it", async () => {
    const add = ["jobs", "add", "health-check", '{"userId":1,"credentialId":1}'];

    const [queued, tooSlow] = await Promise.all([
      run(add),
      run([...add, "--wait", "--timeout", "0.2"]),
    ]);
    const worker = world.start(["worker", "--queues", "health-check,sync"]);
    const waited = await run([...add, "--wait", "--timeout", "30"]);
    const exitCode = await worker.stop();

    expect(queued.exitCode).to.equal(0);
    expect(queued.json).to.have.all.keys("jobId", "outcome").and.include({ outcome: "queued" });
    expect(tooSlow.exitCode).to.equal(1);
    expect(tooSlow.json).to.include({ errorCode: "WAIT_TIMEOUT" });
    expect(waited.exitCode, waited.stdout).to.equal(0);
    const keys = ["jobId", "outcome", "errorCode", "message", "attempts", "result"];
    expect(waited.json)
      .to.have.all.keys(...keys)
      .and.include({ outcome: "done", attempts: 1 });
    expect(exitCode).to.equal(0);
  });

  it("runs a scheduler until SIGTERM, which ends it with 0", async () => {
    const scheduler = world.start(["scheduler"], { SCHEDULE_HEALTH_CHECK: "* * * * * *" });
    await scheduler.logged(({ msg }) => msg === "enqueued");

    expect(await scheduler.stop()).to.equal(0);
  });

  it("serves the dashboard until SIGTERM, which ends it with 0", async () => {
    const api = world.start(["api"], { API_PORT: "0" });
    const { url } = await api.logged(({ msg }) => msg === "api listens");

    const [live, dashboard] = await Promise.all([
      fetch(`${String(url)}/livez`),
      fetch(String(url)),
    ]);

    expect([live.status, dashboard.status]).to.deep.equal([200, 200]);
    expect(await dashboard.text()).to.include("<html");
    expect(await api.stop()).to.equal(0);
  });

  it("says as JSON too that it was used wrongly", async () => {
    const { exitCode, json } = await run(["jobs", "add", "laundry", "{}"]);

    expect(exitCode).to.equal(1);
    expect(json).to.have.nested.property("error.code", "USAGE");
    expect(json)
      .to.have.nested.property("error.message")
      .that.matches(/^command-argument/);
  });
});
