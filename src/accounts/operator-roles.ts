/** What an operator may do. Every role needs a second factor. */
export const OPERATOR_ROLES = [
  'support',
  'reviewer',
  'developer-relations',
  'auditor',
  'administrator',
] as const
export type OperatorRole = (typeof OPERATOR_ROLES)[number]

export const isOperatorRole = (role: string): role is OperatorRole =>
  (OPERATOR_ROLES as readonly string[]).includes(role)
