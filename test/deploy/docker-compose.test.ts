import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { parse } from "yaml";
import { z } from "zod";
import { queueNames } from "../../queues/contract.ts";
import { contracts } from "../../queues/contracts.ts";
import { processNeeds, readConfig } from "../../runtime/config.ts";

const root = join(import.meta.dirname, "../..");
const text = readFileSync(join(root, "docker-compose.yml"), "utf8");

const condition = z.strictObject({
  condition: z.enum(["service_healthy", "service_completed_successfully", "service_started"]),
});
const duration = z.string().regex(/^\d+[smh]$/);

/** The part of the Compose specification that the file uses; any other key is a slip. */
const service = z.strictObject({
  image: z.string(),
  build: z.string().optional(),
  command: z.array(z.string()),
  restart: z.enum(["no", "unless-stopped"]),
  environment: z.record(z.string(), z.string()).optional(),
  depends_on: z.record(z.string(), condition).optional(),
  healthcheck: z
    .union([
      z.strictObject({ disable: z.literal(true) }),
      z.strictObject({
        test: z.tuple([z.enum(["CMD", "CMD-SHELL"])], z.string()),
        interval: duration,
        timeout: duration,
        retries: z.int(),
        start_period: duration,
      }),
    ])
    .optional(),
  volumes: z.array(z.string().regex(/^[\w-]+:\/[\w/-]+(:ro)?$/)).optional(),
  ports: z.array(z.string()).optional(),
  read_only: z.boolean(),
  tmpfs: z.union([z.string(), z.array(z.string())]).optional(),
  cap_drop: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
  shm_size: z.string().optional(),
  stop_signal: z.string().optional(),
  stop_grace_period: duration.optional(),
});

const file = z
  .strictObject({
    "x-workers": z.unknown(),
    "x-environment": z.unknown(),
    "x-keys": z.unknown(),
    services: z.record(z.string(), service),
    volumes: z.record(z.string(), z.null()),
  })
  .parse(parse(text, { merge: true }));

/** The services that run our image. */
const ours = Object.entries(file.services).filter(
  ([, { image }]) => image === "multicloud-workers",
);

/** What the operator has to give. */
const operator: Record<string, string> = {
  POSTGRES_PASSWORD: "0123456789abcdef",
  CREDENTIAL_KEYS: `k1:${Buffer.alloc(32, 1).toString("base64")}`,
  API_OPERATOR_LOGIN: "operator:a long password",
};

describe("docker-compose.yml", () => {
  it("runs PostgreSQL 15, and Redis 7 that keeps and never evicts jobs", () => {
    const { postgres, redis } = file.services;

    expect(postgres?.image).to.match(/^postgres:15/);
    expect(redis?.image).to.match(/^redis:7/);
    expect(redis?.command.join(" ")).to.include("--appendonly yes");
    expect(redis?.command.join(" ")).to.include("--maxmemory-policy noeviction");
    expect(postgres?.volumes).to.deep.equal(["postgres:/var/lib/postgresql/data"]);
    expect(redis?.volumes).to.deep.equal(["redis:/data"]);
  });

  it("starts nothing before what it needs: healthy services and a finished migration", () => {
    for (const [name, { depends_on: needs = {} }] of ours) {
      expect(needs["postgres"], name).to.deep.equal({ condition: "service_healthy" });
      if (name === "migrate") continue;
      expect(needs["redis"], name).to.deep.equal({ condition: "service_healthy" });
      expect(needs["migrate"], name).to.deep.equal({ condition: "service_completed_successfully" });
    }
    for (const { depends_on: needs = {} } of Object.values(file.services)) {
      for (const [name, { condition: when }] of Object.entries(needs)) {
        const needed = file.services[name];
        expect(needed, name).to.not.equal(undefined);
        if (when === "service_healthy") expect(needed?.healthcheck).to.have.property("test");
        if (when === "service_completed_successfully") expect(needed?.restart).to.equal("no");
      }
    }
  });

  it("has a worker for every queue", () => {
    const served = ours.flatMap(([, { command }]) =>
      command[0] === "worker" ? (command[2] ?? "").split(",") : [],
    );

    expect(served).to.have.members([...queueNames]);
  });

  it("waits longer than a worker drains, and as long as a terraform run may take", () => {
    const worker = file.services["worker"];
    const terraform = file.services["terraform-worker"];

    for (const stopping of [worker, terraform]) {
      const drain = Number(stopping?.environment?.["DRAIN_SECONDS"]);
      expect(drain).to.be.above(0);
      expect(seconds(stopping?.stop_grace_period)).to.be.above(drain);
    }
    const longest = contracts["terraform-apply"].timeoutMs / 1_000;
    expect(Number(terraform?.environment?.["DRAIN_SECONDS"])).to.be.at.least(longest);
  });

  it("publishes on loopback only", () => {
    const published = Object.values(file.services).flatMap(({ ports = [] }) => ports);

    expect(published).to.have.length(1);
    for (const port of published) expect(port).to.match(/^127\.0\.0\.1:/);
  });

  it("holds no secret and refuses to start without the ones it needs", () => {
    for (const name of Object.keys(operator)) {
      const uses = [...text.matchAll(new RegExp(`\\$\\{${name}(.{2})`, "g"))];
      expect(uses, name).to.have.length.above(0);
      for (const [, mark] of uses) expect(mark, name).to.equal(":?");
    }
  });

  it("gives every process an environment that its configuration accepts", () => {
    for (const [name, { command, environment }] of ours) {
      const needs = processNeeds[roleOf(command)];
      expect(() => readConfig(filled(environment), needs), name).to.not.throw();
    }
  });

  it("gives keys only to workers", () => {
    for (const [name, { command, environment = {} }] of ours) {
      const given = Object.keys(environment).filter((key) => key.endsWith("_KEYS"));
      const keys = roleOf(command) === "worker" ? ["CREDENTIAL_KEYS", "FERNET_KEYS"] : [];
      expect(given, name).to.have.members(keys);
    }
  });

  it("gives workers no variable that their configuration does not know", () => {
    for (const name of ["worker", "terraform-worker"]) {
      const environment = filled(file.services[name]?.environment);
      const given = Object.keys(environment).filter((key) => environment[key] !== "");

      expect(given).to.include("DRAIN_SECONDS");
      expect(readConfig(environment, processNeeds.worker)).to.include.all.keys(given);
    }
  });

  it("locks our containers down and names every volume it mounts", () => {
    for (const [name, container] of ours) {
      expect(container.read_only, name).to.equal(true);
      expect(container.cap_drop, name).to.deep.equal(["ALL"]);
      expect(container.security_opt, name).to.deep.equal(["no-new-privileges:true"]);
    }
    const mounted = Object.values(file.services).flatMap(({ volumes = [] }) => volumes);
    const names = mounted.map((volume) => volume.split(":")[0]);
    expect(Object.keys(file.volumes)).to.have.members(names);
  });
});

function roleOf([role = ""]: string[]): keyof typeof processNeeds {
  return z.enum(["migrate", "worker", "scheduler", "api"]).parse(role);
}

function filled(environment: Record<string, string> = {}): Record<string, string> {
  const values = Object.entries(environment).map(([key, value]) => [key, fill(value)]);
  return Object.fromEntries(values);
}

/** What Compose makes of `${NAME:-fallback}` and `${NAME:?message}`. */
function fill(value: string): string {
  return value.replace(
    /\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}/g,
    (_whole, name: string, fallback: string | undefined) => operator[name] ?? fallback ?? "",
  );
}

function seconds(value = "0s"): number {
  const units: Record<string, number> = { s: 1, m: 60, h: 3_600 };
  return Number(value.slice(0, -1)) * (units[value.slice(-1)] ?? Number.NaN);
}
