/**
 * The advisory locks of the database, one number for each duty: two processes do none of these at the same time. The
 * numbers mean nothing; they must differ from one another and stay the same from release to release.
 */
export const LOCKS = {
  migrations: 7_031_904,
  signingKeys: 7_031_905,
  queueInstallation: 7_031_906,
  ledgerSequencer: 7_031_907,
  databaseRoles: 7_031_908,
  clientNames: 7_031_924,
} as const
