import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { z } from "zod";
import { jobRunStates } from "../../entities/job-run.ts";
import { providerErrorCodes } from "../../providers/errors.ts";
import { queueNames } from "../../queues/contract.ts";
import { payloadJsonSchema } from "../../queues/json-schema.ts";
import { rejectionReasons } from "../../queues/raw-job.ts";
import { testDatabase } from "../support/database.ts";

const repository = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(repository, path), "utf8");
const page = read("docs/job-contract.md");

/** Cells of the rows of the first table below a heading. */
function tableBelow(heading: string): string[][] {
  const [, text = ""] = page.split(`\n${heading}\n`);
  const table = /(?:^\|.*\n)+/m.exec(text)?.[0] ?? "";
  const rows = table.trim().split("\n").slice(2);
  return rows.map((row) =>
    row
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
}

const objectSchema = z.object({
  properties: z.record(z.string(), z.object({ type: z.string(), description: z.string() })),
  required: z.array(z.string()),
});

function fieldsOf(schema: Record<string, unknown>): string[][] {
  const { properties, required } = objectSchema.parse(schema);
  return Object.entries(properties).map(([name, { type, description }]) => {
    return [`\`${name}\``, type, required.includes(name) ? "yes" : "no", description];
  });
}

/** Words in capitals in the code of jobs that are no code of an outcome. */
const otherWords = new Set(
  "DESC ECONNREFUSED ECONNRESET ENOTFOUND EPIPE ETIMEDOUT PATH RANK UNKNOWN CLAIM_LOST WORKER_STOPPING".split(
    " ",
  ),
);

/** Every code that a job or a scope can end with, as the code has them. */
function codesInCode(): string[] {
  const workers = readdirSync(join(repository, "workers")).map((name) => read(`workers/${name}`));
  const ledger = read("tables/job-runs.ts");
  const sources = [...workers, read("queues/parse-payload.ts"), ledger].join("\n");
  const words = Array.from(sources.matchAll(/"([A-Z]{2,}(?:_[A-Z]+)*)"/g), ([, word = ""]) => word);
  const inSql = Array.from(ledger.matchAll(/error_code = '(\w+)'/g), ([, word = ""]) => word);
  const file = Array.from(
    read("providers/focus/errors.ts").matchAll(/^ {2}\| "(\w+)"/gm),
    ([, word = ""]) => `COST_FILE_${word}`,
  );
  const all = new Set([...words, ...inSql, ...file, ...providerErrorCodes, ...rejectionReasons]);
  return [...all].filter((word) => !otherWords.has(word));
}

describe("docs/job-contract.md", () => {
  const common = tableBelow("### every queue");

  for (const queue of queueNames) {
    it(`has the fields of ${queue} as the schema has them`, () => {
      const documented = [...common, ...tableBelow(`### ${queue}`)];

      expect(documented).to.have.deep.members(fieldsOf(payloadJsonSchema(queue)));
    });
  }

  it("has every state of the ledger", () => {
    const states = tableBelow("## Outcomes");

    expect(states.map(([name = ""]) => name.replaceAll("`", ""))).to.have.members(jobRunStates);
  });

  it("has every code that the code has, and no other", () => {
    const documented = tableBelow("## Codes").map(([name = ""]) => name.replaceAll("`", ""));

    expect(documented).to.have.members(codesInCode());
    expect(documented.length).to.be.above(40);
  });

  it("has examples in SQL that PostgreSQL takes", async () => {
    const examples = Array.from(page.matchAll(/```sql\n([\s\S]*?)```/g), ([, sql = ""]) => sql);
    const database = await testDatabase();
    try {
      for (const sql of examples) await database.dataSource.query(sql);
      const rows: unknown[] = await database.dataSource.query("SELECT queue FROM job_runs");
      expect(rows).to.deep.equal([{ queue: "sync" }, { queue: "terraform-apply" }]);
    } finally {
      await database.close();
    }
  });
});
