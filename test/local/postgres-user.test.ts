import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { reachableFolder } from "../../local/postgres-user.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const nobody = { uid: 65_534, gid: 65_534 };

describe("reachableFolder", () => {
  let home: string;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    const temporary = await temporaryFolder();
    home = temporary.path;
    remove = () => temporary.remove();
  });
  afterEach(() => remove());

  it("keeps the wanted folder where another user can reach it, made or not", async () => {
    const wanted = join(home, "checkout", ".local", "postgres");

    expect(await reachableFolder(wanted, nobody)).to.equal(wanted);
  });

  it("gives each checkout in a private home its own folder under /var/lib", async () => {
    await chmod(home, 0o700);

    const first = await reachableFolder(join(home, "a"), nobody);
    const again = await reachableFolder(join(home, "a"), nobody);
    const second = await reachableFolder(join(home, "b"), nobody);

    expect(first).to.match(/^\/var\/lib\/multicloud-workers\/[0-9a-f]{12}$/);
    expect(again).to.equal(first);
    expect(second).to.not.equal(first);
  });

  it("keeps the wanted folder for a user who runs PostgreSQL as himself", async () => {
    await chmod(home, 0o700);

    expect(await reachableFolder(join(home, "a"), {})).to.equal(join(home, "a"));
  });
});
