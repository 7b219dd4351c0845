import { expect } from "chai";
import { describe, it } from "mocha";
import { isLoopback, readLogins } from "../../api/logins.ts";
import { ConfigError, readConfig } from "../../runtime/config.ts";

describe("readLogins", () => {
  for (const host of ["0.0.0.0", "::", "10.1.2.3", "dashboard.example", "127.0.0.1.example"]) {
    it(`refuses to listen on ${host} without a login and names the variables`, () => {
      expect(() => readLogins(readConfig({ API_HOST: host }, [])))
        .to.throw(ConfigError)
        .with.property("message")
        .that.matches(/API_HOST is .*API_VIEWER_LOGIN or API_OPERATOR_LOGIN/);
    });
  }

  it("listens anywhere with either login", () => {
    for (const name of ["API_VIEWER_LOGIN", "API_OPERATOR_LOGIN"]) {
      const config = readConfig({ API_HOST: "0.0.0.0", [name]: "me:twelve letters" }, []);
      expect(readLogins(config).isOpen).to.equal(false);
    }
  });

  it("takes the operator's role when both logins are the same", () => {
    const both = "me:twelve letters";
    const config = readConfig({ API_VIEWER_LOGIN: both, API_OPERATOR_LOGIN: both }, []);
    const header = `Basic ${Buffer.from(both).toString("base64")}`;

    expect(readLogins(config).identify(header)).to.deep.equal({ role: "operator", name: "me" });
  });

  it("knows the addresses of loopback", () => {
    expect(["127.0.0.1", "127.8.8.8", "::1", "localhost"].every(isLoopback)).to.equal(true);
    expect(["128.0.0.1", "::ffff:1.2.3.4", "localhost.example"].some(isLoopback)).to.equal(false);
  });
});
