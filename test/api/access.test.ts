import { request as httpRequest } from "node:http";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { operator, type TestApi, testApi, viewer } from "../support/api.ts";

describe("access to the api", () => {
  let api: TestApi;

  describe("with logins", () => {
    beforeEach(async () => {
      api = await testApi();
    });
    afterEach(async () => api.close());

    const put = async (login: string | undefined, headers: Record<string, string> = {}) =>
      api.request("/dashboard/api/queues/sync/pause", login, { method: "PUT", headers });
    const isPaused = async () => api.queues.sync.isPaused();

    it("asks whoever has no login for one", async () => {
      for (const path of ["/", "/dashboard", "/dashboard/api/queues", "/metrics", "/operator"]) {
        const response = await api.request(path);

        expect(response.status, path).to.equal(401);
        expect(response.headers.get("www-authenticate")).to.match(/^Basic realm="/);
      }
    });

    for (const wrong of ["viewer:correct horse", "viewer", ":", "operator:correct horse battery"]) {
      it(`refuses the login ${wrong} and logs no password`, async () => {
        expect((await api.request("/dashboard", wrong)).status).to.equal(401);

        expect(api.lines.map((line) => line["msg"])).to.include("login refused");
        expect(JSON.stringify(api.lines)).not.to.contain("horse");
      });
    }

    it("refuses other ways to sign in", async () => {
      for (const authorization of ["Bearer x", "Basic", "Basic !!", `Basic ${viewer}`]) {
        const response = await api.request("/dashboard", undefined, { headers: { authorization } });
        expect(response.status, authorization).to.equal(401);
      }
    });

    it("lets a viewer look", async () => {
      expect((await api.request("/", viewer)).headers.get("location")).to.equal("/dashboard");
      expect((await api.request("/dashboard", viewer)).status).to.equal(200);
      expect((await api.request("/dashboard/api/queues", viewer)).status).to.equal(200);
    });

    for (const [method, path] of [
      ["PUT", "/dashboard/api/queues/sync/pause"],
      ["PUT", "/dashboard/api/queues/pause"],
      ["PUT", "/dashboard/api/queues/sync/obliterate"],
      ["PUT", "/dashboard/api/queues/sync/job-1/retry"],
      ["PATCH", "/dashboard/api/queues/sync/job-1/update-data"],
      ["POST", "/dashboard/api/queues/sync/add"],
      ["DELETE", "/anything"],
    ] as const) {
      it(`refuses ${method} ${path} to a viewer`, async () => {
        await api.queues.sync.add("sync", { userId: 1 }, { jobId: "job-1" });

        expect((await api.request(path, viewer, { method })).status).to.equal(403);

        expect(await isPaused()).to.equal(false);
        expect(await api.queues.sync.getWaitingCount()).to.equal(1);
      });
    }

    it("lets an operator change things and logs who did what", async () => {
      expect((await put(operator)).status).to.equal(200);

      expect(await isPaused()).to.equal(true);
      const action = api.lines.find((line) => line["msg"] === "operator action");
      expect(action).to.include({
        operator: "operator",
        method: "PUT",
        path: "/dashboard/api/queues/sync/pause",
        status: 200,
      });
    });

    it("lets a viewer sign in as operator", async () => {
      expect((await api.request("/operator", viewer)).status).to.equal(401);
      expect((await api.request("/operator", operator)).status).to.equal(302);
    });

    for (const headers of [
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { origin: "https://elsewhere.example" },
      { origin: "null" },
    ]) {
      it(`refuses a change that another site sent: ${JSON.stringify(headers)}`, async () => {
        expect((await put(operator, headers)).status).to.equal(403);
        expect(await isPaused()).to.equal(false);
      });
    }

    it("takes a change from its own pages, also without Sec-Fetch-Site", async () => {
      expect((await put(operator, { "sec-fetch-site": "same-origin" })).status).to.equal(200);
      expect((await put(operator, { origin: api.url })).status).to.equal(200);
    });

    it("tells browsers to run and frame nothing from elsewhere", async () => {
      const { headers } = await api.request("/dashboard", viewer);

      expect(headers.get("content-security-policy")).to.contain("default-src 'self'");
      expect(headers.get("x-frame-options")).to.equal("DENY");
      expect(headers.get("x-content-type-options")).to.equal("nosniff");
      expect(headers.get("x-powered-by")).to.equal(null);
    });

    it("answers a path that is not there, and one that cannot be decoded, without details", async () => {
      const missing = await api.request("/nothing", viewer);
      const malformed = await api.request("/dashboard/api/queues/%E0%A4%A/x", viewer);

      expect([missing.status, malformed.status]).to.deep.equal([404, 400]);
      expect(await malformed.text()).not.to.match(/node_modules|Error/);
    });
  });

  describe("without logins, on loopback", () => {
    beforeEach(async () => {
      api = await testApi({ API_VIEWER_LOGIN: "", API_OPERATOR_LOGIN: "" });
    });
    afterEach(async () => api.close());

    it("lets everybody on this machine look, and nobody change anything", async () => {
      expect((await api.request("/dashboard/api/queues")).status).to.equal(200);
      const pause = await api.request("/dashboard/api/queues/pause", operator, { method: "PUT" });
      expect(pause.status).to.equal(403);
    });

    it("refuses requests by a name that is not this machine's", async () => {
      const status = await new Promise((resolve, reject) => {
        const headers = { host: "rebound.example" };
        const request = httpRequest(new URL("/dashboard", api.url), { headers }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        request.on("error", reject).end();
      });

      expect(status).to.equal(403);
    });
  });
});
