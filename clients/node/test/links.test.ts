// Connect links through the stack's function.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";

import { LinkCreator } from "whatsapp-connect-reader";
import { startAws } from "./aws.js";

const LINK = {
  url: "https://connect.example.com/connect/s3cret",
  link_id: "0123456789abcdef",
  expires_at: "2026-12-03T10:00:00Z",
};

const aws = await startAws();

test("function is invoked once and waited for", async () => {
  aws.answer = LINK;
  const link = await new LinkCreator("whatsapp-connect-CreateLink").create("acme", { label: "Acme", uses: 2 });
  assert.deepEqual(aws.invocations, [
    {
      path: "/2015-03-31/functions/whatsapp-connect-CreateLink/invocations",
      type: "RequestResponse",
      input: { connection_id: "acme", label: "Acme", uses: 2 },
    },
  ]);
  assert.equal(link.url, LINK.url);
  assert.equal(link.expiresAt.getTime(), Date.UTC(2026, 11, 3, 10));
});

test("choice of no feature is not the choice of the stack", async () => {
  aws.answer = LINK;
  await new LinkCreator("create-link").create("acme", { signup: "embedded", signupFeatures: [] });
  await new LinkCreator("create-link").create("acme");
  assert.deepEqual(
    aws.invocations.map((one) => one.input),
    [{ connection_id: "acme", signup: "embedded", signup_features: [] }, { connection_id: "acme" }],
  );
});

test("URL is not shown", async () => {
  aws.answer = LINK;
  const link = await new LinkCreator("create-link").create("acme");
  const shown = inspect(link, { showHidden: true }) + inspect(link, { getters: true }) + JSON.stringify(link) + String(link);
  assert.doesNotMatch(shown, /s3cret/);
  assert.match(shown, /0123456789abcdef/);
});

test("call that fails is not repeated", async () => {
  aws.errors = ["TooManyRequestsException"];
  await assert.rejects(new LinkCreator("create-link").create("acme"), { name: "TooManyRequestsException" });
  assert.deepEqual([aws.errors, aws.invocations], [[], []]);
});
