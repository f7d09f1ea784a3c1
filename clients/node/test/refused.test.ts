// A token that Facebook refuses is read again, and reported if there is no other.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { type Connection, ReconnectRequired, TokenReader, TokenRefused } from "whatsapp-connect-reader";
import { Clock, JONAS, MARIA, PREFIX, makeReader, sqs, startAws } from "./aws.js";

const PAIR = [`${MARIA}/metadata`, `${MARIA}/access-token:1`];

const aws = await startAws();
let clock: Clock;
let reader: TokenReader;

beforeEach(() => {
  clock = new Clock();
  reader = makeReader(clock, { checkQueueUrl: aws.queueUrl, sqsClient: sqs() });
});

/** Accepts some tokens and refuses all others. */
function facebook(...good: string[]): { calls: string[]; request: (connection: Connection) => string } {
  const calls: string[] = [];
  const request = ({ accessToken }: Connection): string => {
    calls.push(accessToken);
    if (!good.includes(accessToken)) throw new TokenRefused(463);
    return "sent";
  };
  return { calls, request };
}

async function lose(connectionId = MARIA): Promise<void> {
  const { request } = facebook();
  await assert.rejects(reader.call(connectionId, request), {
    name: "ReconnectRequired",
    status: "active",
    statusReason: "token-refused",
  });
}

test("good token is used once", async () => {
  aws.connect("EAAone");
  const { calls, request } = facebook("EAAone");
  assert.equal(await reader.call(MARIA, request), "sent");
  assert.deepEqual(calls, ["EAAone"]);
});

test("refused token is read again exactly once", async () => {
  aws.connect("EAAold");
  await reader.read(MARIA);
  aws.connect("EAAnew");
  aws.reads = [];
  const { calls, request } = facebook("EAAnew");
  assert.equal(await reader.call(MARIA, async (connection) => request(connection)), "sent");
  assert.deepEqual(calls, ["EAAold", "EAAnew"]);
  assert.deepEqual(aws.reads, [`${MARIA}/metadata`, `${MARIA}/access-token:2`]);
  assert.deepEqual(aws.reports, []);
});

test("refused token without a successor is reported, and its failure is cached", async () => {
  aws.connect("EAAdead");
  const { calls, request } = facebook();
  for (let time = 0; time < 3; time++)
    await assert.rejects(reader.call(MARIA, request), { statusReason: "token-refused" });
  assert.deepEqual(calls, ["EAAdead"]);
  assert.deepEqual(aws.reads, [...PAIR, ...PAIR]);
  assert.deepEqual(aws.reports, [MARIA]);
  clock.nowMs += 31_000;
  await assert.rejects(reader.call(MARIA, request), ReconnectRequired);
  assert.deepEqual(calls, ["EAAdead", "EAAdead"]);
});

test("refused successor is reported", async () => {
  aws.connect("EAAold");
  await reader.read(MARIA);
  aws.connect("EAAdead");
  const { calls, request } = facebook();
  for (let time = 0; time < 2; time++) await assert.rejects(reader.call(MARIA, request), ReconnectRequired);
  assert.deepEqual(calls, ["EAAold", "EAAdead"]);
  assert.deepEqual(aws.reports, [MARIA]);
});

test("refused token that the stack has removed names the cause, and is not reported", async () => {
  aws.connect("EAAold");
  await reader.read(MARIA);
  aws.deleteToken();
  aws.putMetadata({ status: "revoked", status_reason: "password-changed" });
  await assert.rejects(reader.call(MARIA, facebook().request), { statusReason: "password-changed" });
  assert.deepEqual(aws.reports, []);
});

test("other errors of a call are not repeated and not reported", async () => {
  aws.connect("EAAone");
  let calls = 0;
  const fail = (): never => {
    calls++;
    throw new RangeError();
  };
  await assert.rejects(reader.call(MARIA, fail), RangeError);
  assert.equal(calls, 1);
  assert.deepEqual(aws.reports, []);
});

test("other errors of the second call are thrown", async () => {
  aws.connect("EAAold");
  await reader.read(MARIA);
  aws.connect("EAAnew");
  const request = ({ accessToken }: Connection): never => {
    throw accessToken === "EAAold" ? new TokenRefused() : new RangeError();
  };
  await assert.rejects(reader.call(MARIA, request), RangeError);
  assert.equal((await reader.read(MARIA)).accessToken, "EAAnew");
});

/** Return a request that refuses a token after `callers` callers have sent it. */
function refuseTogether(token: string, callers: number): (connection: Connection) => Promise<string> {
  let open = (): void => undefined;
  const all = new Promise<void>((resolve) => (open = resolve));
  let waiting = 0;
  return async ({ accessToken }) => {
    if (accessToken !== token) return accessToken;
    if (++waiting === callers) open();
    await all;
    throw new TokenRefused();
  };
}

test("callers that are refused together read again once", async () => {
  aws.connect("EAAold");
  await reader.read(MARIA);
  aws.connect("EAAnew");
  aws.reads = [];
  const request = refuseTogether("EAAold", 8);
  const sent = await Promise.all(Array.from({ length: 8 }, () => reader.call(MARIA, request)));
  assert.deepEqual(new Set(sent), new Set(["EAAnew"]));
  assert.deepEqual(aws.reads, [`${MARIA}/metadata`, `${MARIA}/access-token:2`]);
});

test("callers that are refused together report once", async () => {
  aws.connect("EAAdead");
  const request = refuseTogether("EAAdead", 8);
  const sent = await Promise.allSettled(Array.from({ length: 8 }, () => reader.call(MARIA, request)));
  assert.ok(sent.every((one) => one.status === "rejected" && one.reason instanceof ReconnectRequired));
  assert.deepEqual(aws.reads, [...PAIR, ...PAIR]);
  assert.deepEqual(aws.reports, [MARIA]);
});

test("refused token is not returned by a read that another caller began", async () => {
  aws.connect("EAAdead");
  const refused = await reader.read(MARIA);
  reader.forget(MARIA);
  const other = reader.read(MARIA);
  await assert.rejects(reader.readAgain(refused), { statusReason: "token-refused" });
  assert.equal((await other).accessToken, "EAAdead");
  await assert.rejects(reader.read(MARIA), { statusReason: "token-refused" });
});

test("refused token is not cached if it cannot be read again", async () => {
  aws.connect("EAAold");
  await reader.read(MARIA);
  aws.connect("EAAnew");
  aws.errors = ["ThrottlingException"];
  await assert.rejects(reader.call(MARIA, facebook("EAAnew").request), { name: "ThrottlingException" });
  assert.equal((await reader.read(MARIA)).accessToken, "EAAnew");
});

test("connection is reported once a minute", async () => {
  aws.connect("EAAdead");
  aws.connect("EAAdead-too", {}, JONAS);
  for (let time = 0; time < 3; time++) {
    await lose();
    await lose(JONAS);
    clock.nowMs += 19_000;
  }
  assert.deepEqual(aws.reports, [MARIA, JONAS]);
  clock.nowMs += 31_000;
  await lose();
  assert.deepEqual(aws.reports, [MARIA, JONAS, MARIA]);
});

test("report by hand is not limited", async () => {
  aws.connect("EAAone");
  const connection = await reader.read(MARIA);
  await reader.report(connection);
  await reader.report(connection);
  assert.deepEqual(aws.reports, [MARIA, MARIA]);
});

test("report that AWS refuses changes nothing for the caller", async () => {
  aws.connect("EAAdead");
  reader = makeReader(clock, { checkQueueUrl: `${aws.queueUrl}-gone`, sqsClient: sqs() });
  const connection = await reader.read(MARIA);
  await lose();
  await assert.rejects(reader.report(connection), { name: "QueueDoesNotExist" });
});

test("without a queue a refusal is the same, and nothing is sent", async () => {
  aws.connect("EAAdead");
  reader = makeReader(clock);
  const connection = await reader.read(MARIA);
  await lose();
  await assert.rejects(reader.report(connection), { name: "TypeError", message: "no checkQueueUrl" });
  assert.deepEqual(aws.reports, []);
});

test("clients are made if none are given", async () => {
  aws.connect("EAAdead");
  reader = new TokenReader(PREFIX, { checkQueueUrl: aws.queueUrl });
  await lose();
  assert.deepEqual(aws.reports, [MARIA]);
});
