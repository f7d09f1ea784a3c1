// Define Connection, a token with its metadata.

import { PhoneNumberRequired } from "./errors.js";

/** What became of the request to send what a number has in the WhatsApp Business app. */
export interface BusinessApp {
  /** `started`, `refused`, `unanswered`, or "" if Meta was not asked. */
  readonly contacts: string;
  readonly history: string;
}

/** Everything but the ID is empty if the metadata do not say it. */
export interface PhoneNumber {
  readonly id: string;
  readonly displayPhoneNumber: string;
  readonly verifiedName: string;
  /** The account of the number. */
  readonly wabaId: string;
  /** Facebook's word, such as `CONNECTED`. */
  readonly status: string;
  /** Whether the stack has registered the number for the Cloud API. */
  readonly registered: boolean;
  /** Only of a number that stays in the WhatsApp Business app; null of others. */
  readonly businessApp: BusinessApp | null;
}

/** A WhatsApp Business account that the token reaches. */
export interface Account {
  readonly id: string;
  readonly name: string;
  /** Whether the app receives the account's webhooks. */
  readonly subscribed: boolean;
  /** Facebook's word: `AVAILABLE`, `LIMITED` or `BLOCKED`; "" if it does not say. */
  readonly canSend: string;
  /** Facebook's code of what keeps messages from being sent; 0 for none. */
  readonly problemCode: number;
}

/** The JSON object of the metadata parameter. */
export interface Metadata {
  user_id: string;
  token_type: string;
  token_version: number;
  issued_at: string | null;
  expires_at: string | null;
  data_access_expires_at: string | null;
  scopes: string[];
  waba_ids: string[];
  phone_numbers: {
    id: string;
    display_phone_number: string;
    verified_name: string;
    waba_id?: string;
    status?: string;
    registered?: boolean;
    business_app?: { contacts?: string; history?: string };
  }[];
  status: string;
  status_reason?: string | null;
  graph_version: string;
  truncated: boolean;
  usable?: boolean;
  accounts?: { id: string; name?: string; subscribed?: boolean; can_send?: string; problem_code?: number }[];
  label?: string;
  tags?: Record<string, string>;
  language?: string;
}

/** A token with its metadata. console.log and JSON.stringify do not show the token. */
export class Connection {
  // Private, because console.log and JSON.stringify show every other field.
  readonly #accessToken: string;
  readonly connectionId: string;
  readonly userId: string;
  readonly tokenType: string;
  readonly tokenVersion: number;
  readonly issuedAt: Date | null;
  /** When the token expires; null if it does not. */
  readonly expiresAt: Date | null;
  /** When Facebook ends access to the person's data, unless they connect again; null if it does not. */
  readonly dataAccessExpiresAt: Date | null;
  readonly scopes: readonly string[];
  readonly wabaIds: readonly string[];
  readonly phoneNumbers: readonly PhoneNumber[];
  /** `active`, or `expiring` if the token works but the person should connect again soon. */
  readonly status: string;
  readonly statusReason: string | null;
  readonly graphVersion: string;
  /** True if there were too many accounts, phone numbers or permissions, and some are missing here. */
  readonly truncated: boolean;
  /** Whether messages can be sent and received: an account is proven, and the app is subscribed to it. */
  readonly usable: boolean;
  readonly accounts: readonly Account[];
  /** The label of the connect link; "" for none. */
  readonly label: string;
  /** The tags of the connect link. */
  readonly tags: Readonly<Record<string, string>>;
  /** The language of the connect link, such as `pt-BR`; "" for none. */
  readonly language: string;

  /** Throws TypeError if the metadata lack a field. */
  constructor(connectionId: string, accessToken: string, metadata: Metadata) {
    this.#accessToken = accessToken;
    this.connectionId = connectionId;
    this.userId = field(metadata, "user_id");
    this.tokenType = field(metadata, "token_type");
    this.tokenVersion = field(metadata, "token_version");
    this.issuedAt = date(field(metadata, "issued_at"));
    this.expiresAt = date(field(metadata, "expires_at"));
    this.dataAccessExpiresAt = date(field(metadata, "data_access_expires_at"));
    this.scopes = field(metadata, "scopes");
    this.wabaIds = field(metadata, "waba_ids");
    this.phoneNumbers = field(metadata, "phone_numbers").map((number) => ({
      id: field(number, "id"),
      displayPhoneNumber: field(number, "display_phone_number"),
      verifiedName: field(number, "verified_name"),
      wabaId: number.waba_id ?? "",
      status: number.status ?? "",
      registered: number.registered ?? false,
      businessApp: number.business_app
        ? { contacts: number.business_app.contacts ?? "", history: number.business_app.history ?? "" }
        : null,
    }));
    this.status = field(metadata, "status");
    this.statusReason = metadata.status_reason ?? null;
    this.graphVersion = field(metadata, "graph_version");
    this.truncated = field(metadata, "truncated");
    this.usable = metadata.usable ?? false;
    this.accounts = (metadata.accounts ?? []).map((account) => ({
      id: field(account, "id"),
      name: account.name ?? "",
      subscribed: account.subscribed ?? false,
      canSend: account.can_send ?? "",
      problemCode: account.problem_code ?? 0,
    }));
    this.label = metadata.label ?? "";
    this.tags = metadata.tags ?? {};
    this.language = metadata.language ?? "";
  }

  get accessToken(): string {
    return this.#accessToken;
  }

  /** The header for calls to the Graph API. */
  get authorization(): { Authorization: string } {
    return { Authorization: `Bearer ${this.#accessToken}` };
  }

  /** Whole days until the token expires; 0 on the last day; null if it does not expire. */
  get daysLeft(): number | null {
    return daysUntil(this.expiresAt);
  }

  /** Whole days until access to the person's data ends; 0 on the last day; null if it does not end. */
  get dataAccessDaysLeft(): number | null {
    return daysUntil(this.dataAccessExpiresAt);
  }

  /**
   * Return the phone number with this ID; without an ID, the only one.
   *
   * A number that is named need not be listed, because the metadata may be incomplete. Throws PhoneNumberRequired if none is
   * named, and the metadata list none or several.
   */
  phoneNumber(phoneNumberId?: string): PhoneNumber {
    if (phoneNumberId) {
      const unlisted = { displayPhoneNumber: "", verifiedName: "", wabaId: "", status: "", registered: false };
      const listed = this.phoneNumbers.find(({ id }) => id === phoneNumberId);
      return listed ?? { id: phoneNumberId, ...unlisted, businessApp: null };
    }
    const [only, second] = this.phoneNumbers;
    if (!only || second || this.truncated)
      throw new PhoneNumberRequired(
        this.connectionId,
        this.phoneNumbers.map(({ id }) => id),
      );
    return only;
  }
}

/** Return a field that every stack writes. Throws TypeError if it is missing. */
export function field<T extends object, K extends keyof T & string>(from: T, name: K): T[K] {
  if (!(name in from)) throw new TypeError(`the metadata lack ${name}`);
  return from[name];
}

function date(text: string | null): Date | null {
  return text ? new Date(text) : null;
}

function daysUntil(end: Date | null): number | null {
  return end && Math.max(0, Math.floor((end.getTime() - Date.now()) / 86_400_000));
}
