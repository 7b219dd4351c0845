import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { UsageError } from "../../cli/output.ts";
import { saveUser } from "../../cli/users.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";

describe("adding a user", () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await testDatabase();
  });
  afterEach(async () => database.close());

  it("is refused as taken to all but one who add the same address at once", async () => {
    const added = await Promise.allSettled(
      Array.from({ length: 5 }, async () =>
        saveUser(database.dataSource, "someone@example.com", null),
      ),
    );

    const refusals = added.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
    expect(refusals).to.have.length(4);
    for (const refusal of refusals) {
      expect(refusal)
        .to.be.instanceOf(UsageError)
        .and.have.property("message", "--email: someone@example.com exists");
    }
  });
});
