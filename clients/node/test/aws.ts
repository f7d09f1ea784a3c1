// AWS over HTTP on a free port: the calls that this package makes, answered as AWS answers them.

import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { after, beforeEach } from "node:test";

import { LambdaClient } from "@aws-sdk/client-lambda";
import { SQSClient } from "@aws-sdk/client-sqs";
import { SSMClient } from "@aws-sdk/client-ssm";

import { TokenReader, type TokenReaderOptions } from "whatsapp-connect-reader";

export const PREFIX = "/whatsapp-connect/test";
export const MARIA = "122100000000000001";
export const JONAS = "122100000000000002";
export const METADATA = {
  user_id: MARIA,
  token_type: "USER",
  token_version: 1,
  issued_at: "2026-11-01T08:00:00Z",
  expires_at: "2026-12-31T08:00:00Z",
  data_access_expires_at: "2027-01-30T08:00:00Z",
  scopes: ["whatsapp_business_messaging"],
  waba_ids: ["31"],
  phone_numbers: [{ id: "41", display_phone_number: "+1 202-555-0100", verified_name: "Bakery" }],
  status: "active",
  status_reason: null,
  graph_version: "v26.0",
  truncated: false,
};

export class FakeAws {
  endpoint = "";
  /** The SDK sends reports to the host in this URL. */
  queueUrl = "";
  parameters = new Map<string, string[]>();
  /** The names that were read, below the connections of PREFIX. */
  reads: string[] = [];
  /** Done one by one, each just before the next read. */
  beforeRead: (() => void)[] = [];
  /** The codes of errors for the next calls. */
  errors: string[] = [];
  reports: string[] = [];
  invocations: { path: string; type: string; input: unknown }[] = [];
  answer: unknown = {};
  functionError = "";

  readonly #server = createServer((request, response) => void this.#answer(request, response));

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.endpoint = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    this.queueUrl = `${this.endpoint}/123456789012/check`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  reset(): void {
    Object.assign(this, { parameters: new Map(), reads: [], beforeRead: [], errors: [], reports: [] });
    Object.assign(this, { invocations: [], answer: {}, functionError: "" });
  }

  /** Store a new version of a token. Return its number. */
  putToken(value: string, connectionId = MARIA): number {
    const name = `${PREFIX}/connections/${connectionId}/access-token`;
    const versions = [...(this.parameters.get(name) ?? []), value];
    this.parameters.set(name, versions);
    return versions.length;
  }

  deleteToken(connectionId = MARIA): void {
    this.parameters.delete(`${PREFIX}/connections/${connectionId}/access-token`);
  }

  putMetadata(changes: object = {}, connectionId = MARIA): void {
    this.parameters.set(`${PREFIX}/connections/${connectionId}/metadata`, [JSON.stringify({ ...METADATA, ...changes })]);
  }

  connect(token: string, changes: object = {}, connectionId = MARIA): void {
    this.putMetadata({ token_version: this.putToken(token, connectionId), ...changes }, connectionId);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const send = (status: number, answer: unknown, headers = {}): void => {
      response.writeHead(status, { "content-type": "application/x-amz-json-1.1", ...headers }).end(JSON.stringify(answer));
    };
    const error = this.errors.shift();
    if (error) return send(400, { __type: error, message: "" }, { "x-amzn-errortype": error });
    if (request.url?.startsWith("/2015-03-31/functions/")) {
      const type = String(request.headers["x-amz-invocation-type"]);
      this.invocations.push({ path: request.url, type, input: JSON.parse(body) });
      return send(200, this.answer, this.functionError ? { "x-amz-function-error": this.functionError } : {});
    }
    const input = JSON.parse(body) as Record<string, string>;
    switch (request.headers["x-amz-target"]) {
      case "AmazonSSM.GetParameter":
        return this.#getParameter(String(input["Name"]), input["WithDecryption"], send);
      case "AmazonSQS.SendMessage": {
        const message = String(input["MessageBody"]);
        if (input["QueueUrl"] !== this.queueUrl) return send(400, { __type: "com.amazonaws.sqs#QueueDoesNotExist" });
        this.reports.push((JSON.parse(message) as { connection_id: string }).connection_id);
        return send(200, { MessageId: "1", MD5OfMessageBody: createHash("md5").update(message).digest("hex") });
      }
    }
    send(400, { __type: "UnknownOperationException" });
  }

  #getParameter(full: string, decrypted: unknown, send: (status: number, answer: unknown) => void): void {
    this.beforeRead.shift()?.();
    this.reads.push(full.replace(`${PREFIX}/connections/`, ""));
    const [name = "", version] = full.split(":");
    const versions = this.parameters.get(name);
    if (!versions) return send(400, { __type: "ParameterNotFound" });
    const Version = version ? Number(version) : versions.length;
    const plain = versions[Version - 1];
    if (plain === undefined) return send(400, { __type: "ParameterVersionNotFound" });
    const isSecret = name.endsWith("/access-token");
    const Value = isSecret && decrypted !== true ? "encrypted" : plain;
    send(200, { Parameter: { Name: name, Type: isSecret ? "SecureString" : "String", Value, Version } });
  }
}

export class Clock {
  nowMs = 1_000_000;
  pausesMs: number[] = [];

  readonly now = (): number => this.nowMs;
  readonly pause = async (ms: number): Promise<void> => {
    this.pausesMs.push(ms);
    this.nowMs += ms;
  };
}

/** Return AWS for the tests of one file, empty before each of them. */
export async function startAws(): Promise<FakeAws> {
  const aws = new FakeAws();
  await aws.start();
  for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) delete process.env[name];
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: "testing",
    AWS_SECRET_ACCESS_KEY: "testing",
    AWS_REGION: "us-east-1",
    AWS_ENDPOINT_URL: aws.endpoint,
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  });
  beforeEach(() => aws.reset());
  after(() => aws.stop());
  return aws;
}

// One attempt, because the SDK pauses before another.
export const ssm = (): SSMClient => new SSMClient({ maxAttempts: 1 });
export const sqs = (): SQSClient => new SQSClient({ maxAttempts: 1 });
export const lambda = (): LambdaClient => new LambdaClient({ maxAttempts: 1 });

export function makeReader(clock: Clock, options: TokenReaderOptions = {}): TokenReader {
  return new TokenReader(PREFIX, { client: ssm(), clock: clock.now, pause: clock.pause, ...options });
}
