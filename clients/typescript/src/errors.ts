// What can go wrong when one asks an appliance; each says it in words for people.

/** No appliance answers there, or not to the end. */
export class UnavailableError extends Error {
  override name = "UnavailableError";
}

export interface Problem {
  detail: string;
  code?: string;
  request_id?: string;
  errors?: Array<{ field: string; message: string }> | null;
}

/** The appliance said no (RFC 9457). */
export class ProblemError extends Error {
  override name = "ProblemError";
  /** Its kind, for programs: `not_found`, `conflict`, `invalid` … */
  readonly code: string;
  /** By which an administrator finds it in the log. */
  readonly requestId: string;
  /** What is wrong with which field, where the request was not as it should be. */
  readonly fields: Record<string, string>;

  /** All that it said, such as the `conflicts` of a merge. */
  readonly body: Problem & Record<string, unknown>;

  constructor(
    problem: Problem,
    readonly status: number,
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(problem.detail);
    this.body = { ...problem };
    this.code = problem.code ?? "failed";
    this.requestId = problem.request_id ?? "";
    this.fields = Object.fromEntries((problem.errors ?? []).map((each) => [each.field, each.message]));
  }
}

export interface Proposal {
  id: string;
  expires_at: string;
}

/** Nothing was done yet: the act waits for another administrator. */
export class ProposedError extends Error {
  override name = "ProposedError";

  constructor(readonly proposal: Proposal) {
    super(`Proposed, not done: another administrator must confirm it by ${proposal.expires_at}.`);
  }
}
