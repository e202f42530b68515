/**
 * The advisory locks of the database, one number for each duty that only one process at a time may perform. The numbers are
 * arbitrary, distinct, and must not change between releases.
 */
export const LOCKS = {
  migrations: 7_031_904,
  signingKeys: 7_031_905,
  queueInstallation: 7_031_906,
  ledgerSequencer: 7_031_907,
  databaseRoles: 7_031_908,
  clientNames: 7_031_924,
} as const
