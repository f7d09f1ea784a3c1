// A service in TypeScript: it uses every public name, without the optional packages.

import { SSMClient } from "@aws-sdk/client-ssm";
import {
  ConnectLink,
  Connection,
  LinkCreator,
  LinkNotCreated,
  LinkRefused,
  NotReady,
  NotUsable,
  PhoneNumberRequired,
  ReadError,
  ReconnectRequired,
  TokenReader,
  TokenRefused,
  appSecretProof,
  raiseIfRefused,
  timestampedAppSecretProof,
  type Account,
  type BusinessApp,
  type AwsClient,
  type LinkOptions,
  type Metadata,
  type PhoneNumber,
  type ReadOptions,
  type TokenReaderOptions,
} from "whatsapp-connect-reader";

const client = new SSMClient({ region: "us-east-1" });
const options: TokenReaderOptions = { client, checkQueueUrl: process.env["CHECK_QUEUE_URL"], maxAgeMs: 60_000 };
const patient: ReadOptions = { waitMs: 1000, usable: true };
const wanted: LinkOptions = { label: "Acme", tags: { plan: "pro" }, accounts: ["31"], lifetimeS: 600 };

export async function messageId(reader: TokenReader): Promise<string> {
  const id: string = await reader.call("acme", async (connection) => {
    const number: PhoneNumber = connection.phoneNumber();
    const app: BusinessApp | null = number.businessApp;
    const accounts: readonly Account[] = connection.accounts;
    const end: Date | null = connection.expiresAt;
    const token: string = connection.accessToken;
    const proof: { appsecret_proof: string } = appSecretProof(token, "secret");
    raiseIfRefused({ ...proof, ...timestampedAppSecretProof(token, "secret") });
    return `${number.id} ${app?.history} ${accounts.length} ${end?.getTime()} ${connection.tags["plan"]}`;
  });
  const connection: Connection = await reader.readAgain(await reader.read("acme", patient));
  // @ts-expect-error: a connection does not change
  connection.status = "active";
  await reader.report(connection);
  reader.forget("acme");
  return id;
}

export async function link(lambda: AwsClient): Promise<string> {
  const made: ConnectLink = await new LinkCreator("create-link", { client: lambda }).create("acme", wanted);
  // @ts-expect-error: there is no such option
  await new LinkCreator("create-link").create("acme", { lifetime: 600 });
  return made.url;
}

export function explain(error: unknown): string | null {
  if (error instanceof ReconnectRequired || error instanceof NotUsable) return error.statusReason;
  if (error instanceof NotReady || error instanceof ReadError) return error.connectionId;
  if (error instanceof PhoneNumberRequired) return error.phoneNumberIds.join();
  if (error instanceof LinkRefused) return error.field;
  if (error instanceof LinkNotCreated) return error.errorType;
  return error instanceof TokenRefused ? String(error.subcode) : null;
}

export const usableOf = ({ usable }: Metadata): boolean | undefined => usable;

// @ts-expect-error: this is no client
new TokenReader("/whatsapp-connect", { sqsClient: "sqs" });

// A missing package shows at the first call, not when a token is refused.
const reader = new TokenReader("/whatsapp-connect", { ...options, checkQueueUrl: "https://sqs.example.com/1/check" });
const calls = await Promise.allSettled([
  reader.call("acme", () => "sent"),
  new LinkCreator("create-link").create("acme", wanted),
]);
console.log(calls.map((one) => (one.status === "rejected" ? one.reason.code : "sent")).join());
