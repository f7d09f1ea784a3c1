// The exceptions. No message contains a token or a text from Facebook.

/** There is no usable token for this connection. */
export class ReadError extends Error {
  static {
    this.prototype.name = "ReadError";
  }

  constructor(
    readonly connectionId: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * The person has to connect again.
 *
 * `status` is the connection's status (`expired`, `revoked`), or null if the connection is unknown. `statusReason` comes from
 * the connection's metadata, or is one of the reader's own reasons: `not-connected`, `parameter-missing`, `token-refused`.
 */
export class ReconnectRequired extends ReadError {
  static {
    this.prototype.name = "ReconnectRequired";
  }

  constructor(
    connectionId: string,
    readonly status: string | null,
    readonly statusReason: string | null,
  ) {
    super(
      connectionId,
      `WhatsApp connection ${connectionId} has to be connected again:` +
        ` ${status || "unknown"} (${statusReason || "no reason given"})`,
    );
  }
}

/** Token and metadata are being replaced now. Try again in a few seconds. */
export class NotReady extends ReadError {
  static {
    this.prototype.name = "NotReady";
  }

  constructor(connectionId: string) {
    super(connectionId, `WhatsApp connection ${connectionId} is being changed`);
  }
}

/**
 * The connection has a token, but the stack has not finished its set-up. Thrown only if `usable` was asked for.
 *
 * `statusReason` is the one in the metadata, such as `no-account` or `accounts-unknown`. It is null while the stack has not
 * subscribed the app to an account.
 */
export class NotUsable extends ReadError {
  static {
    this.prototype.name = "NotUsable";
  }

  constructor(
    connectionId: string,
    readonly statusReason: string | null,
  ) {
    super(
      connectionId,
      `WhatsApp connection ${connectionId} cannot be used yet: ${statusReason || "no account is subscribed"}`,
    );
  }
}

/**
 * The connection does not have exactly one phone number, and none was named.
 *
 * `phoneNumberIds` has the IDs to choose from. It is empty if the metadata list no number.
 */
export class PhoneNumberRequired extends Error {
  static {
    this.prototype.name = "PhoneNumberRequired";
  }

  constructor(
    readonly connectionId: string,
    readonly phoneNumberIds: readonly string[],
  ) {
    const several = `has several phone numbers, so name one by its ID: ${phoneNumberIds.join(", ")}`;
    super(
      `WhatsApp connection ${connectionId} ${phoneNumberIds.length ? several : "has no phone number to send from"}`,
    );
  }
}

/** Facebook refused a call because of its token. When `TokenReader.call` catches it, it reads the token again. */
export class TokenRefused extends Error {
  static {
    this.prototype.name = "TokenRefused";
  }

  constructor(
    readonly subcode: number | null = null,
    readonly code = 190,
  ) {
    super(`Facebook refused the token: ${code}` + (subcode ? `/${subcode}` : ""));
  }
}

/**
 * The stack refused to make a link, because a value is not valid.
 *
 * `code` is the stack's word, such as `invalid-input`. `field` is the stack's name of the value, such as `return_url`.
 * `message` is a sentence for developers, without the value.
 */
export class LinkRefused extends Error {
  static {
    this.prototype.name = "LinkRefused";
  }

  constructor(
    readonly code: string,
    readonly field: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * The function that makes links failed. The stack's log has the reason, and its alarm rings.
 *
 * `errorType` is the type of the function's error, such as `Runtime.ExitError`. It is null if the answer cannot be read.
 */
export class LinkNotCreated extends Error {
  static {
    this.prototype.name = "LinkNotCreated";
  }

  constructor(readonly errorType: string | null = null) {
    super(`the function failed to make a link: ${errorType ?? "its answer cannot be read"}`);
  }
}
