import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { openAwsAccount } from "../../local/accounts.ts";
import { type CommandResult, multicloud } from "../support/command.ts";
import { type TestWorld, testWorld } from "../support/test-world.ts";

describe("a job that can never succeed", function () {
  this.timeout(120_000);
  let world: TestWorld;
  let own: { userId: number; credentialId: number };
  let foreignId: number;
  let unknownId: number;
  let unreadableId: number;

  before(async () => {
    world = await testWorld();
    const account = () => openAwsAccount(world.aws, { seed: 21, resources: 20 });
    const { userId, credentialIds } = await world.addUser(account(), account(), account());
    const other = await world.addUser(account());
    const [credentialId = 0, second = 0, third = 0] = credentialIds;
    own = { userId, credentialId };
    [foreignId = 0] = other.credentialIds;
    unknownId = second;
    unreadableId = third;
    const set = async (assignment: string, id: number): Promise<unknown> =>
      world.database.query(`UPDATE credentials SET ${assignment} WHERE id = $1`, [id]);
    await set("provider = 'oracle'", unknownId);
    await set("secret_key = overlay(secret_key placing 'AAAA' from 40)", unreadableId);
    await world.startWorker();
  });
  after(async () => world?.close());

  const add = async (payload: unknown): Promise<CommandResult> => {
    const job = ["jobs", "add", "health-check", JSON.stringify(payload), "--wait"];
    return multicloud(job, { environment: world.environment });
  };

  it("is given up at its first attempt with a code and the field, and touches nothing", async () => {
    const { userId } = own;
    const cases = [
      [{ userId, credentialId: foreignId }, "CREDENTIAL_NOT_FOUND", "/credentialId"],
      [{ userId }, "INVALID_PAYLOAD", "/credentialId"],
      [{ userId: "1", credentialId: 1 }, "INVALID_PAYLOAD", "/userId"],
      [{ userId, credentialId: unknownId }, "UNKNOWN_PROVIDER", "/credentialId"],
      [{ userId, credentialId: unreadableId }, "CREDENTIAL_UNDECRYPTABLE", "/credentialId"],
    ] as const;

    const answers = await Promise.all(cases.map(async ([payload]) => add(payload)));

    for (const [index, [, errorCode, field]] of cases.entries()) {
      const answer = answers[index];
      expect(answer?.exitCode, errorCode).to.equal(1);
      expect(answer?.json).to.include({
        outcome: "given-up",
        errorCode,
        attempts: 1,
        result: null,
      });
      expect(answer?.json).to.have.property("message").that.includes(`${field}: `);
    }
    expect(await world.database.query("SELECT 1 FROM provider_health")).to.deep.equal([]);
    const waiting = await world.queues["health-check"].getJobCounts("wait", "active", "delayed");
    expect(waiting).to.deep.equal({ wait: 0, active: 0, delayed: 0 });
  });

  it("leaves its neighbours alone", async () => {
    const { exitCode, json } = await add(own);

    expect(json).to.include({ outcome: "done", errorCode: null, message: null, attempts: 1 });
    expect(json).to.have.nested.property("result.status", "healthy");
    expect(exitCode).to.equal(0);
  });
});
