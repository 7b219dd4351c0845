import { expect } from "chai";
import { describe, it } from "mocha";
import { ConfigError, processNeeds, readConfig } from "../../runtime/config.ts";

describe("readConfig", () => {
  const problems = (
    env: Record<string, string>,
    needs: Parameters<typeof readConfig>[1] = [],
  ): readonly string[] => {
    try {
      readConfig(env, needs);
      return [];
    } catch (error) {
      if (error instanceof ConfigError) return error.problems;
      throw error;
    }
  };

  it("names all that is missing as soon as something needed is", () => {
    const url = "postgres://user@host/database";
    const names = (env: Record<string, string>, process: keyof typeof processNeeds) =>
      problems(env, processNeeds[process]).map((line) => line.split(" ", 1)[0]);

    expect(names({ DATABASE_URL: url }, "worker")).to.deep.equal(["REDIS_URL", "CREDENTIAL_KEYS"]);
    expect(names({ DATABASE_URL: url }, "api")).to.deep.equal(["REDIS_URL", "CREDENTIAL_KEYS"]);
    expect(names({ DATABASE_URL: url }, "migrate")).to.deep.equal([]);
  });

  it("asks only workers for the keys", () => {
    const env = { DATABASE_URL: "postgres://user@host/database", REDIS_URL: "redis://host" };

    expect(problems(env, processNeeds.scheduler)).to.deep.equal([]);
    expect(problems(env, processNeeds.api)).to.deep.equal([]);
    expect(problems(env, processNeeds.worker)).to.have.length(1);
  });

  it("schedules syncs half-hourly, costs daily and health checks every five minutes by default", () => {
    expect(readConfig({}, [])).to.include({
      SCHEDULES: "on",
      SCHEDULE_SYNC: "*/30 * * * *",
      SCHEDULE_COST_INGEST: "0 0 * * *",
      SCHEDULE_HEALTH_CHECK: "*/5 * * * *",
    });
  });

  it("takes off for a schedule", () => {
    expect(problems({ SCHEDULE_SYNC: "off", SCHEDULES: "off" })).to.deep.equal([]);
  });

  for (const expression of ["often", "61 * * * *", "* * * *", "0 0 30 2 *"]) {
    it(`refuses the schedule ${expression} and names the variable`, () => {
      const [problem, ...others] = problems({ SCHEDULE_HEALTH_CHECK: expression });

      expect(problem).to.match(/^SCHEDULE_HEALTH_CHECK: expected off or a cron expression; ./);
      expect(others).to.deep.equal([]);
    });
  }

  it("refuses a schedule of which implementations of cron disagree when it is due", () => {
    expect(problems({ SCHEDULE_SYNC: "0 3 1 * 1" })).to.deep.equal([
      "SCHEDULE_SYNC: expected off or a cron expression; restrict the day of the month or the day of the week, not both",
    ]);
    const sound = { SCHEDULE_SYNC: "0 3 1 * *", SCHEDULE_COST_INGEST: "0 3 * * 1-5" };
    expect(problems(sound)).to.deep.equal([]);
  });

  it("names every bad variable at once and shows no password", () => {
    const found = problems({
      SCHEDULES: "maybe",
      SCHEDULE_SYNC: "often",
      API_PORT: "http",
      API_VIEWER_LOGIN: "viewer:short",
    });

    expect(found.map((line) => line.split(":")[0])).to.have.members([
      "SCHEDULES",
      "SCHEDULE_SYNC",
      "API_PORT",
      "API_VIEWER_LOGIN",
    ]);
    expect(found.join()).not.to.contain("short");
  });

  it("refuses addresses of servers that are none, before a driver takes them for something else", () => {
    const addresses = { DATABASE_URL: "mysql://user@host/db", REDIS_URL: "localhost:6379" };

    expect(problems(addresses, ["DATABASE_URL"]).map((line) => line.split(", ")[0])).to.deep.equal([
      "DATABASE_URL: expected the PostgreSQL database",
      "REDIS_URL: expected the Redis server",
    ]);
    expect(problems({ DATABASE_URL: "postgres://[", REDIS_URL: "" })).to.have.length(1);
    for (const url of [
      "postgresql:///db?host=/run/postgresql",
      "postgres://u:p@a:1/b?sslmode=no",
    ]) {
      expect(problems({ DATABASE_URL: url, REDIS_URL: "rediss://:p@host:6380/2" })).to.deep.equal(
        [],
      );
    }
  });

  it("names malformed keys together with everything else, where keys are needed, and shows none", () => {
    const env = {
      DATABASE_URL: "postgres://user@host/database",
      CREDENTIAL_KEYS: "k1:c2hvcnQ=,nothing",
      FERNET_KEYS: "c2hvcnQ=",
      LOG_LEVEL: "loud",
    };

    const found = problems(env, ["DATABASE_URL", "CREDENTIAL_KEYS"]);

    expect(found).to.have.length(4);
    expect(found.join("\n")).to.include("LOG_LEVEL").and.include('key "k1" is not base64');
    expect(found.join("\n")).to.not.include("c2hvcnQ").and.not.include("nothing");
    expect(problems(env, ["DATABASE_URL"])).to.have.length(1);
  });
});
