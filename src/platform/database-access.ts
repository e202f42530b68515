export type ProcessKind = 'web' | 'worker'

/** All columns, these, or all except these. */
type Columns = '*' | readonly string[] | { except: readonly string[] }
/** What a role may do with a table. `for update` and `for share` take the right to update a column. */
export type Access = { select?: Columns; insert?: Columns; update?: Columns; delete?: true }

const none: Access = {}
const read: Access = { select: '*' }
const append: Access = { select: '*', insert: '*' }
const all: Access = { select: '*', insert: '*', update: '*', delete: true }
/** Deletes rows by their age. */
const expire = (column: string): Access => ({ select: [column], delete: true })

const ACCOUNT_DETAILS = [
  'details_sealed',
  'email_mac',
  'email',
  'email_key',
  'given_name',
  'surname',
  'updated_at',
]
const DELIVERY_BODY = ['body', 'body_sealed', 'body_sha256']
const VERIFICATION_ORIGIN = [
  'id',
  'tenant',
  'subject_id',
  'vendor',
  'integration',
  'state_sha256',
  'return_url',
  'return_state',
  'session_created_at',
]

/**
 * The rights of web and worker processes on each table, where they have roles of their own: what they use, and no more. Neither has
 * rights on a table that is not listed. What the operator decides (trust, policies, vendors, suspensions) is written
 * by the command line only, with the role of `DATABASE_URL`.
 */
export const ACCESS: Readonly<Record<string, Record<ProcessKind, Access>>> = {
  // Sign-in and tokens: workers remove what has expired.
  account: {
    web: {
      select: '*',
      // By sign-up.
      insert: ['id', 'email_verified', 'name_source', 'password_hash', 'email_mac'],
      update: { except: ['id', 'status', 'created_at'] },
    },
    // Erases residents who asked for it, and so ends their links.
    worker: { select: { except: ['password_hash'] }, update: ACCOUNT_DETAILS, delete: true },
  },
  known_browser: { web: all, worker: expire('seen_at') },
  mail_code: {
    web: { select: '*', insert: '*', update: ['tries'] },
    worker: expire('expires_at'),
  },
  known_reader: { web: read, worker: { select: '*', insert: '*', update: '*' } },
  mail_link: {
    web: { select: '*', insert: '*', update: ['used_at'], delete: true },
    worker: { select: ['request_id', 'expires_at'], insert: '*', delete: true },
  },
  notification_preference: {
    web: { select: '*', insert: '*', update: ['look_mails', 'summarized_at'] },
    worker: { select: '*', update: ['summarized_at'] },
  },
  oidc_artifact: { web: all, worker: { select: ['kind', 'id', 'expires_at'], delete: true } },
  operator: { web: append, worker: none },
  operator_setup: { web: all, worker: none },
  passkey: {
    web: {
      select: '*',
      insert: '*',
      update: ['counter', 'used_at', 'name', 'needs_password'],
      delete: true,
    },
    worker: none,
  },
  passkey_challenge: {
    web: { select: '*', insert: '*', delete: true },
    worker: expire('expires_at'),
  },
  pending_sign_in: {
    web: { select: '*', insert: '*', update: ['step', 'wrong_codes'], delete: true },
    worker: expire('expires_at'),
  },
  rate_window: { web: all, worker: none },
  reader_watch: { web: none, worker: { select: '*', update: ['next_index'] } },
  recovery_code: { web: { select: '*', insert: '*', update: ['used_at'] }, worker: none },
  recovery_code_set: { web: { select: '*', insert: '*', delete: true }, worker: none },
  // Answered and closed at the command line; counted by workers.
  security_case: { web: append, worker: { select: ['kind', 'answered_at', 'closed_at'] } },
  security_notice: {
    web: { select: '*', insert: '*', update: ['used_at'] },
    // Each mail about a look has a link to report it.
    worker: {
      select: ['expires_at'],
      insert: ['token_hash', 'kind', 'account_id', 'client_id', 'entry_id', 'expires_at'],
      delete: true,
    },
  },
  sign_up: {
    web: { select: '*', insert: '*', update: ['token_hash', 'code_tries'], delete: true },
    worker: { select: '*', update: ['token_hash'], delete: true },
  },
  sign_in_throttle: {
    web: { select: '*', insert: '*', update: '*' },
    worker: { select: ['last_failure_at', 'known_at'], delete: true },
  },
  signing_key: { web: append, worker: all },
  spent_jti: {
    web: { select: '*', insert: '*', update: ['expires_at'] },
    worker: expire('expires_at'),
  },
  totp: {
    web: { select: '*', insert: '*', update: ['last_step', 'used_at'], delete: true },
    worker: none,
  },

  // Applications and what residents allowed them.
  client: {
    web: {
      select: '*',
      insert: '*',
      // Owners give their applications new secrets, and disable them. What the operator disabled is known by `stopped_at`.
      update: { except: ['id', 'tenant', 'team_id', 'created_at', 'stopped_at'] },
      delete: true,
    },
    worker: { select: { except: ['secret_hash', 'previous_secret_hash'] } },
  },
  client_logo: { web: all, worker: all },
  developer_invitation: {
    web: { select: '*', insert: '*', delete: true },
    worker: expire('expires_at'),
  },
  developer_member: {
    web: { select: '*', insert: '*', update: ['role'], delete: true },
    worker: none,
  },
  // Suspended at the command line.
  developer_team: {
    web: { select: '*', insert: ['id', 'name'], update: ['name'], delete: true },
    worker: none,
  },
  production_draft: {
    web: {
      select: '*',
      insert: '*',
      update: { except: ['application_id', 'team_id'] },
      delete: true,
    },
    worker: none,
  },
  // Sent and withdrawn by owners; decided, and the application registered, at the command line.
  production_request: {
    web: {
      select: '*',
      insert: { except: ['decided_by', 'decided_at', 'reason'] },
      update: ['status', 'client_id', 'decided_by', 'decided_at', 'reason'],
    },
    worker: { select: ['status'] },
  },
  request_log: { web: append, worker: expire('at') },
  try_run: {
    web: {
      select: '*',
      insert: '*',
      update: ['run_sealed', 'state_hash', 'busy_until'],
      delete: true,
    },
    worker: expire('expires_at'),
  },
  // Lists leave these out; none is in the portal's own database, and so none is deleted with its application.
  try_client: { web: { select: ['client_id', 'application_id'] }, worker: none },
  // Of the sandbox, whose processes have all rights.
  persona: { web: none, worker: none },
  persona_step: { web: none, worker: none },
  sandbox_clock: { web: none, worker: none },
  // Workers name applications in mails.
  trusted_client: { web: read, worker: read },
  consent: { web: all, worker: { select: '*', delete: true } },
  ended_consent: { web: append, worker: append },
  oauth_grant: { web: all, worker: expire('expires_at') },
  live_access_token: { web: read, worker: none },
  live_service_token: { web: read, worker: none },

  // Documents: the web takes deliveries and uploads in, and starts, reviews, links and erases for tenants and residents; workers do the rest.
  alert: {
    web: {
      select: '*',
      insert: '*',
      update: [
        'occasion',
        'occurrences',
        'resolved_at',
        'resolved_by',
        'reason_sealed',
        'ownerless_reason_sealed',
      ],
      delete: true,
    },
    // Those of a link that ends with its resident.
    worker: { ...append, delete: true },
  },
  attempt_document: { web: read, worker: { select: '*', insert: '*', update: '*' } },
  // What a reviewer asks for again is written at the command line.
  capture: {
    web: {
      select: '*',
      insert: ['verification_id', 'statement_sealed', 'typed_at'],
      update: ['statement_sealed', 'typed_at'],
    },
    worker: read,
  },
  decision: {
    web: { select: '*', insert: '*', update: ['reviewed_by', 'reason', 'reason_sealed'] },
    worker: { select: '*', insert: '*', update: ['reason', 'reason_sealed'] },
  },
  delivery: {
    web: {
      select: { except: DELIVERY_BODY },
      insert: ['id', 'vendor', 'integration', 'body_sealed', 'body_mac', 'traceparent'],
      update: ['times_received', 'last_received_at'],
      delete: true,
    },
    worker: {
      select: '*',
      update: { except: ['id', 'vendor', 'integration', 'received_at'] },
      delete: true,
    },
  },
  erased_verification: {
    web: append,
    worker: {
      select: '*',
      insert: '*',
      update: ['objects_deleted_at', 'vendor_answer', 'vendor_session_id', 'vendor_deleted_at'],
    },
  },
  image: {
    web: read,
    // Deletes the row of an upload that came too late.
    worker: {
      select: '*',
      insert: '*',
      update: { except: ['id', 'verification_id'] },
      delete: true,
    },
  },
  latest_approved: { web: read, worker: read },
  natural_person: { web: read, worker: { select: '*', update: { except: ['account_id'] } } },
  // Written at the command line, shown to the resident, and part of the resident's archive.
  operator_review: { web: read, worker: read },
  phone_link: { web: all, worker: expire('expires_at') },
  residency: {
    web: read,
    worker: { select: '*', insert: '*', update: { except: ['account_id'] } },
  },
  // Residents ask in the web; workers prepare the archive, and erase when the waiting time is over.
  resident_export: {
    web: { select: '*', insert: ['id', 'account_id', 'collected_sealed'] },
    worker: { select: '*', update: { except: ['id', 'account_id', 'requested_at'] }, delete: true },
  },
  erasure_request: {
    web: { select: '*', insert: ['account_id', 'erase_at'], delete: true },
    worker: { select: '*', update: ['reminded_at'] },
  },
  erasure_receipt: {
    web: append,
    worker: { select: ['expires_at'], insert: '*', delete: true },
  },
  subject: {
    web: {
      select: '*',
      insert: ['tenant', 'external_id'],
      update: ['external_id', 'account_id', 'linked_at'],
      delete: true,
    },
    worker: { select: '*', update: ['account_id', 'linked_at'] },
  },
  subject_link: {
    web: { select: '*', insert: '*', update: ['used_at'], delete: true },
    worker: expire('expires_at'),
  },
  // The web takes it in, and waits for the worker's answer.
  upload: {
    web: {
      select: ['id', 'outcome'],
      insert: ['id', 'verification_id', 'type', 'image_sealed', 'typed_sealed'],
      delete: true,
    },
    worker: {
      select: '*',
      update: ['outcome', 'image_sealed', 'typed_sealed'],
      delete: true,
    },
  },
  verification: {
    web: { select: '*', insert: '*', update: { except: VERIFICATION_ORIGIN }, delete: true },
    worker: {
      select: '*',
      update: { except: VERIFICATION_ORIGIN },
      delete: true,
    },
  },

  // What residents are told: whoever changes a verification writes it, workers send it.
  told_reason: { web: append, worker: append },
  verification_notice: {
    web: { select: '*', insert: '*', update: '*' },
    worker: { select: '*', insert: '*', update: '*' },
  },

  // Events to applications: the web records them and answers those that fetch; workers sign and send.
  event: { web: all, worker: all },
  event_attempt: {
    web: append,
    worker: { select: '*', insert: '*', update: ['exchange_sealed'] },
  },
  // Developers set up the events of their applications; what is secret of that is written by the web, and read by workers alone.
  event_secret: {
    web: {
      select: { except: ['secret_sealed'] },
      insert: '*',
      update: ['retires_at'],
      delete: true,
    },
    worker: read,
  },
  event_stream: {
    web: {
      select: { except: ['authorization_sealed'] },
      insert: '*',
      update: { except: ['client_id', 'created_at', 'busy_until'] },
      delete: true,
    },
    worker: {
      select: { except: ['token_hash'] },
      update: ['busy_until', 'resume_at', 'enabled'],
    },
  },
  last_announcement: {
    web: { select: '*', insert: '*', update: '*' },
    worker: all,
  },

  // Mails are the workers' to send; the web shows those of a portal without a mail server.
  outbox_mail: {
    web: read,
    worker: { select: ['created_at'], insert: ['id', 'mail_sealed'], delete: true },
  },

  ledger_entry: { web: append, worker: append },
  ledger_leaf: { web: read, worker: append },
  ledger_node: { web: read, worker: append },
  ledger_head: { web: read, worker: append },

  // The portal's own. Whoever starts first makes the keys that are missing.
  duty: { web: none, worker: { select: '*', insert: '*', update: '*' } },
  data_key: { web: append, worker: { select: '*', insert: '*', delete: true } },
  // Locked while it is relayed.
  operator_action: { web: none, worker: { select: '*', update: ['recorded_at'], delete: true } },
  policy: { web: read, worker: read },
  portal_setting: {
    web: { select: '*', insert: '*', update: ['value'] },
    worker: { select: '*', insert: '*', update: ['value'] },
  },
  schema_migration: { web: read, worker: read },
  tenant: { web: read, worker: read },
  vendor_integration: { web: read, worker: read },
}

/** The same for the tables of the job queue; for a table that is not listed, `'*'` counts. The web enqueues, workers do everything. */
export const QUEUE_ACCESS: Readonly<Record<ProcessKind, Readonly<Record<string, Access>>>> = {
  web: {
    version: read,
    queue: read,
    job_common: { select: ['id'], insert: '*' },
  },
  worker: { '*': all },
}

/** What to grant for an access to a table of these columns: each is what stands before `on` in a `grant`. */
export function privilegesOf(access: Access, columns: readonly string[]): string[] {
  const { select, insert, update } = access
  return [
    ...Object.entries({ select, insert, update }).flatMap(([privilege, of]) =>
      of === undefined ? [] : [privilege + listOf(of, columns)],
    ),
    ...(access.delete ? ['delete'] : []),
  ]
}

function listOf(of: Columns, columns: readonly string[]): string {
  if (of === '*') return ''
  const named = 'except' in of ? columns.filter((column) => !of.except.includes(column)) : of
  return ` (${named.map((column) => `"${column}"`).join(', ')})`
}
