// Make connect links through the stack's function create_link.

import type { LambdaClient } from "@aws-sdk/client-lambda";

import type { AwsClient } from "./aws.js";
import { LinkNotCreated, LinkRefused } from "./errors.js";

const ERROR_TYPE = /^[A-Za-z0-9_.]{1,100}$/;
const TIME_WITH_ZONE = /T.*(Z|[+-]\d\d:\d\d)$/;

export interface LinkOptions {
  /** One line of at most 80 characters, for your own use. */
  label?: string | undefined;
  /** At most ten values, for your own use. */
  tags?: Readonly<Record<string, string>> | undefined;
  /** 300 to 7776000 seconds; the stack's default is seven days. */
  lifetimeS?: number | undefined;
  /** How many people can connect with the link: 1 to 1000; the stack's default is 1. */
  uses?: number | undefined;
  /** Allow another Facebook user than before. */
  anyUser?: boolean | undefined;
  /** The IDs of the WhatsApp Business accounts to use, at most 50. */
  accounts?: readonly string[] | undefined;
  /** The HTTPS address to which the last page leads. */
  returnUrl?: string | undefined;
  /** The language of the pages, such as `pt-BR`. */
  language?: string | undefined;
  /** How Embedded Signup opens: `redirect` or `embedded`; the stack's default is its `SignupMode`. */
  signup?: string | undefined;
  /** Features of the embedded sign-up; the stack's default is its `SignupFeatures`. */
  signupFeatures?: readonly string[] | undefined;
}

/** A link for one customer. console.log and JSON.stringify do not show the URL, because everybody who has it can use it. */
export class ConnectLink {
  readonly #url: string;
  readonly linkId: string;
  readonly expiresAt: Date;

  constructor(url: string, linkId: string, expiresAt: Date) {
    this.#url = url;
    this.linkId = linkId;
    this.expiresAt = expiresAt;
  }

  get url(): string {
    return this.#url;
  }
}

/**
 * Make connect links. Use one for each process.
 *
 * `functionName` is the stack's output `CreateLinkFunctionName`. `client` is a `LambdaClient`. The default is a new one that
 * waits 30 seconds for the answer and never retries, because a repeated call can make a second link.
 */
export class LinkCreator {
  readonly #functionName: string;
  #client: LambdaClient | undefined;

  constructor(functionName: string, { client }: { client?: AwsClient | undefined } = {}) {
    this.#functionName = functionName;
    this.#client = client as LambdaClient | undefined;
  }

  /**
   * Return a new link. What is not given has the stack's default.
   *
   * Throws LinkRefused if a value is not valid, LinkNotCreated if the function failed, and the errors of the AWS SDK. After
   * the last two the link may exist, but nobody has it.
   */
  async create(connectionId: string, options: LinkOptions = {}): Promise<ConnectLink> {
    const { InvokeCommand, LambdaClient } = await import("@aws-sdk/client-lambda");
    this.#client ??= new LambdaClient({
      maxAttempts: 1,
      requestHandler: { requestTimeout: 30_000, throwOnRequestTimeout: true },
    });
    // JSON leaves out what is undefined.
    const input = JSON.stringify({
      connection_id: connectionId,
      label: options.label || undefined,
      tags: options.tags,
      lifetime_s: options.lifetimeS,
      uses: options.uses,
      any_user: options.anyUser || undefined,
      accounts: options.accounts?.length ? options.accounts : undefined,
      return_url: options.returnUrl || undefined,
      language: options.language || undefined,
      signup: options.signup || undefined,
      signup_features: options.signupFeatures,
    });
    const answer = await this.#client.send(
      new InvokeCommand({
        FunctionName: this.#functionName,
        InvocationType: "RequestResponse",
        Payload: new TextEncoder().encode(input),
      }),
    );
    return parse(new TextDecoder().decode(answer.Payload), answer.FunctionError !== undefined);
  }
}

/** Return the link in the function's answer. Throws LinkRefused and LinkNotCreated. */
function parse(payload: string, failed: boolean): ConnectLink {
  let answer: Record<string, unknown> | null;
  try {
    answer = JSON.parse(payload) as typeof answer;
  } catch {
    answer = null;
  }
  const { errorType, error, field, message, url, link_id: linkId, expires_at: expiresAt } = answer ?? {};
  if (failed) throw new LinkNotCreated(typeof errorType === "string" && ERROR_TYPE.test(errorType) ? errorType : null);
  if (typeof error === "string" && typeof field === "string" && typeof message === "string")
    throw new LinkRefused(error, field, message);
  if (typeof url !== "string" || typeof linkId !== "string" || typeof expiresAt !== "string") throw new LinkNotCreated();
  const time = new Date(expiresAt);
  if (!TIME_WITH_ZONE.test(expiresAt) || Number.isNaN(time.getTime())) throw new LinkNotCreated();
  return new ConnectLink(url, linkId, time);
}
