import { spawnSync } from "node:child_process";
import { access, mkdtemp, rm } from "node:fs/promises";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Redis } from "ioredis";
import { describe, it } from "mocha";
import { Client } from "pg";
import { setEnvironment } from "../support/environment.ts";
import { failureOf } from "../support/failure.ts";
import { redisUrl } from "../support/services.ts";
import { emptyWorld } from "../support/test-world.ts";

describe("startWorld", () => {
  it("gives our processes nothing of the caller's clouds, proxies and settings", async () => {
    const callers = { AWS_PROFILE: "somebody", HTTPS_PROXY: "http://proxy.example.com" };
    const restore = setEnvironment(callers);
    const world = await emptyWorld().finally(restore);
    await world.close();

    expect(world.environment).to.not.have.any.keys("AWS_PROFILE", "HTTPS_PROXY", "NODE_OPTIONS");
    expect(world.environment["AWS_ENDPOINT_URL"]).to.match(/^http:\/\/127\.0\.0\.1:/);
    expect(world.environment["AZURE_AUTHORITY_HOST"]).to.match(/^https:\/\/127\.0\.0\.1:/);
  });

  it("leaves no database, no keys, no files and no servers when it closes, also twice", async () => {
    const world = await emptyWorld();
    const { folder, databaseUrl, azure, environment } = world;
    const redis = new Redis(redisUrl());
    const prefix = environment["QUEUE_PREFIX"] ?? "";
    await redis.set(`${prefix}:sync:meta`, "left");
    await access(environment["NODE_EXTRA_CA_CERTS"] ?? "");

    await world.close();
    await world.close();

    expect(await redis.keys(`${prefix}*`)).to.deep.equal([]);
    redis.disconnect();
    expect(await failureOf(access(folder))).to.include({ code: "ENOENT" });
    const client = new Client({ connectionString: databaseUrl });
    expect(await failureOf(client.connect()))
      .to.have.property("message")
      .that.includes("exist");
    const asked = new Promise((resolve, reject) => get(azure.url, resolve).on("error", reject));
    expect(await failureOf(asked)).to.include({ code: "ECONNREFUSED" });
  });

  it("removes what a world has left whose process was killed", async () => {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    const left = await mkdtemp(join(tmpdir(), `multicloud-world-${pid}-`));
    const alive = await mkdtemp(join(tmpdir(), `multicloud-world-${process.pid}-`));

    const world = await emptyWorld();
    await world.close();

    expect(await failureOf(access(left))).to.include({ code: "ENOENT" });
    await rm(alive, { recursive: true });
  });
});
