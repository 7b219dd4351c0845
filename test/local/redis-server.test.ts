import { execFile } from "node:child_process";
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { findRedisServer, RedisNotFoundError } from "../../local/redis-server.ts";
import { listen } from "../../runtime/health-server.ts";
import { failureOf } from "../support/failure.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const run = promisify(execFile);

describe("findRedisServer", () => {
  let bin: string;
  let folder: string;
  let calls: string;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    const temporary = await temporaryFolder();
    remove = () => temporary.remove();
    bin = join(temporary.path, "bin");
    folder = join(temporary.path, "redis");
    calls = join(temporary.path, "calls");
    await Promise.all([mkdir(bin), mkdir(folder), writeFile(calls, "")]);
  });
  afterEach(() => remove());

  /** Puts a command on the PATH that notes how it is called and then runs `script`. */
  async function command(name: string, script = "", where = bin): Promise<string> {
    const path = join(where, name);
    await writeFile(path, `#!/bin/sh\necho "${name} $*" >>"${calls}"\n${script}\n`);
    await chmod(path, 0o755);
    return path;
  }

  const find = (isRoot: boolean) => findRedisServer({ folder, PATH: bin, isRoot });
  const called = async () => (await readFile(calls, "utf8")).split("\n").filter(Boolean);

  it("takes the server on the PATH before anything else and installs nothing", async () => {
    const path = await command("redis-server");
    await command("apt-get");
    await command("docker");

    expect(await find(true)).to.deep.equal({ kind: "binary", path });
    expect(await called()).to.deep.equal([]);
  });

  it("takes the first of several folders on the PATH", async () => {
    const early = join(folder, "early");
    await mkdir(early);
    const path = await command("redis-server", "", early);
    await command("redis-server");

    const PATH = [early, bin].join(delimiter);
    const server = await findRedisServer({ folder, PATH, isRoot: false });

    expect(server).to.deep.equal({ kind: "binary", path });
  });

  it("installs the binary without the system service by apt-get as root, once", async () => {
    const tools = join(bin, "redis-check-rdb");
    const program = `printf '#!/bin/sh\\necho Redis server v=7\\n' >"${tools}"; chmod +x "${tools}"`;
    await command("apt-get", `case "$*" in *install*) PATH=/usr/bin:/bin; ${program};; esac`);
    await command("docker");

    const first = await find(true);
    const second = await find(true);

    expect(first).to.deep.equal({ kind: "binary", path: join(folder, "redis-server") });
    expect(second).to.deep.equal(first);
    expect(await called()).to.deep.equal([
      "apt-get -o DPkg::Lock::Timeout=120 update",
      "apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends redis-tools",
    ]);
  });

  it("finds the binary of an installed package for many at the same moment", async () => {
    await command("redis-check-rdb", "echo Redis server v=7");
    await command("apt-get", "exit 100");

    const found = await Promise.all(Array.from({ length: 8 }, async () => find(true)));

    const path = join(folder, "redis-server");
    expect(found).to.deep.equal(Array.from({ length: 8 }, () => ({ kind: "binary", path })));
    expect(await readdir(folder)).to.deep.equal(["redis-server"]);
  });

  it("falls back to Docker when apt-get fails", async () => {
    await command("apt-get", "echo offline >&2; exit 100");
    await command("docker");

    expect(await find(true)).to.deep.equal({ kind: "docker", image: "redis:7-alpine" });
    expect(await called()).to.include("docker pull -q redis:7-alpine");
  });

  it("does not call apt-get for a user without the right to install", async () => {
    await command("apt-get");
    await command("docker");

    await find(false);

    expect(await called()).to.not.include("apt-get -o DPkg::Lock::Timeout=120 update");
  });

  it("asks brew when there is a Docker client without an engine", async () => {
    await command("docker", "echo 'cannot connect to the daemon' >&2; exit 1");
    const cellar = join(folder, "bin");
    await mkdir(cellar);
    const path = await command("redis-server", "", cellar);
    await command("brew", `if [ "$1" = --prefix ]; then echo "${folder}"; fi`);

    expect(await find(false)).to.deep.equal({ kind: "binary", path });
    expect(await called()).to.include("brew install redis");
  });

  it("names every way it tried and what the user can do when none works", async () => {
    await command("apt-get", "exit 100");
    await command("docker", "exit 1");

    const error = await failureOf(find(true), RedisNotFoundError);

    expect(error.tried.map((line) => line.split(":", 1)[0])).to.deep.equal([
      "redis-server on PATH",
      "an earlier download",
      "apt-get",
      "docker",
      "brew",
      "redis-memory-server",
    ]);
    expect(error.message).to.match(/install one .*Docker.*REDIS_URL/);
    expect(error.message).to.include("needs make and a C compiler");
  });

  it("builds one from source without a word on standard output", async () => {
    const source = join(folder, "source");
    await mkdir(join(source, "redis-stable", "src"), { recursive: true });
    await writeFile(join(source, "redis-stable", "Makefile"), "all:\n");
    await command("redis-server", "", join(source, "redis-stable", "src"));
    const archive = join(folder, "redis-stable.tar.gz");
    await run("tar", ["-czf", archive, "-C", source, "redis-stable"]);
    const bytes = await readFile(archive);
    const server = createServer((_, response) =>
      response.setHeader("content-length", bytes.length).end(bytes),
    );
    const mirror = await listen(server, { host: "127.0.0.1", port: 0 });
    await command("make");
    const words: unknown[] = [];
    const write = process.stdout.write.bind(process.stdout);
    process.stdout.write = (text) => words.push(text) > 0;
    process.env["REDISMS_DOWNLOAD_URL"] = `${mirror.url}/redis-stable.tar.gz`;

    const [found] = await Promise.allSettled([find(false)]);
    process.stdout.write = write;
    delete process.env["REDISMS_DOWNLOAD_URL"];
    await mirror.close();

    expect(words).to.deep.equal([]);
    expect(found)
      .to.have.nested.property("value.path")
      .that.matches(/redis-server$/);
    expect(await called()).to.have.length(1);
  });
});
