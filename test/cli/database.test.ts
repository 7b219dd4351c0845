import { expect } from "chai";
import { describe, it } from "mocha";
import { withDatabase } from "../../cli/database.ts";
import { UsageError } from "../../cli/output.ts";
import { saveUser } from "../../cli/users.ts";
import { freePort } from "../../local/free-port.ts";
import { ServerError } from "../../runtime/server-error.ts";
import { failureOf } from "../support/failure.ts";
import { scratchDatabase } from "../support/template.ts";

describe("withDatabase", () => {
  const addUser = async (url: string) =>
    withDatabase(url, async (database) => saveUser(database, "a@example.com", null));

  it("says that migrate comes first", async () => {
    const database = await scratchDatabase();

    const error = await failureOf(addUser(database.url), UsageError);
    await database.drop();

    expect(error.message).to.match(/run multicloud migrate first: .*"users" does not exist/);
  });

  it("says which server is away, and the variable that says where it is", async () => {
    const url = `postgres://user:secret@127.0.0.1:${await freePort()}/database`;

    const error = await failureOf(addUser(url), ServerError);

    expect(error).to.include({ code: "ECONNREFUSED" });
    expect(error.message).to.match(/^PostgreSQL \(DATABASE_URL\): connect ECONNREFUSED/);
    expect(error.message).to.not.include("secret");
  });
});

describe("ServerError", () => {
  it("says what happened at every address of a name", () => {
    const refused = ["::1", "127.0.0.1"].map((host) => new Error(`connect ECONNREFUSED ${host}:1`));

    const error = new ServerError("Redis", new AggregateError(refused));

    expect(error.message).to.equal(
      "Redis: connect ECONNREFUSED ::1:1, connect ECONNREFUSED 127.0.0.1:1",
    );
  });
});
