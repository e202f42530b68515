import { html } from 'hono/html'
import { createFormats, type Html } from './formats.ts'

const format = createFormats('en-GB')

/** Every English text that residents read. Its type is what each other language has to contain. */
export const en = {
  language: { tag: 'en', name: 'English' },
  format,

  frame: {
    portal: 'Identity portal',
    skip: 'Skip to content',
    footer: 'Your documents are yours. Nobody sees them through this portal unless you allow it.',
    language: 'Language',
  },

  common: {
    email: 'E-mail',
    password: 'Password',
    newPassword: 'New password',
    code: 'Code',
    continue: 'Continue',
    cancel: 'Cancel',
    doNotAllow: 'Do not allow',
    yourDocuments: 'Your documents',
    yourAccount: 'Your account',
    signOut: 'Sign out',
    backToDocuments: 'Back to your documents',
    momentInUtc: (moment: string) => `${moment} UTC`,
    passkeyFailed: 'That did not work. Please try again, or use your password.',
    tooManyTries: (seconds: number) =>
      `Too many tries. Please wait ${seconds} ${format.plural(seconds, { one: 'second', other: 'seconds' })}.`,
    busy: 'Many people are signing in just now. Please try again in a moment.',
  },

  signIn: {
    title: 'Sign in',
    errorTitle: 'Error: sign in',
    lead: 'See your documents, and who may see them.',
    leadFor: (application: Html) =>
      html`${application} would like to know who you are. On the next page you decide what it may see.`,
    needsPasskey: (application: string) =>
      html`${application} requires that you sign in with a passkey. You can set this up on <a href="/account">your account page</a>.`,
    needsCode: (application: string) =>
      html`${application} requires your password and a code from an authenticator app. You can set this up on <a href="/account">your account page</a>.`,
    button: 'Sign in',
    passkey: 'Sign in with a passkey',
    forgot: 'Forgot your password?',
    newHere: (path: string) => html`New here? <a href="${path}">Create an account</a>`,
    noMatch: 'That e-mail and password do not match.',
    passkeyUnknown: 'That passkey belongs to no account here. Try another one, or your password.',
    passkeyAfterPassword:
      'That passkey opens the account after your password. Please type that first.',
  },

  secondStep: {
    title: 'Second step',
    errorTitle: 'Error: second step',
    typeCode: 'Enter the code that your authenticator app shows now.',
    usePasskeys: 'Use one of your passkeys.',
    passkey: 'Use a passkey',
    noScript: 'Passkeys need JavaScript, which is turned off in your browser.',
    useRecoveryCode: 'Use a recovery code',
    recoveryCode: 'Recovery code',
    lost: 'Lost all of these? Write to the people who run this portal.',
    tooLate: 'That took too long. Please start again with your e-mail and password.',
    wrongCode: 'That code is not right, or was used already. Codes change every 30 seconds.',
    wrongRecoveryCode: 'That recovery code is not right, or was used already.',
    noCode: 'Please type a code.',
    othersPasskey: 'That passkey belongs to another account.',
  },

  enrol: {
    title: 'Set up an authenticator app',
    errorTitle: 'Error: set up an authenticator app',
    demanded:
      'This portal requires a second step after the password. Scan this with an authenticator app on your phone, or in your password manager.',
    chosen:
      'After this, you sign in with your password and a code from the app. Scan this with an authenticator app on your phone, or in your password manager.',
    qrCode: 'QR code for the authenticator app',
    noCamera: (uri: string) =>
      html`No camera? <a href="${uri}">Open an authenticator app on this device</a>, or type this key into it:`,
    wrongCode: 'That code is not correct. Enter the code that the app shows now.',
  },

  recoveryCodes: {
    title: 'Your recovery codes',
    lead: 'Print these codes, or keep them in a safe place. If you cannot use your other second step, sign in with your password and one of these codes. Each code works once. We do not show them again.',
    saved: 'I have saved them',
  },

  passwordRules: {
    tooShort: 'A password needs 15 characters or more. Four unrelated words do well.',
    tooLong: 'A password can have 256 characters at most.',
    tooEasy:
      'This password is too easy to guess: it is made of common passwords, of your own name or address, or of a pattern. Four unrelated words do well.',
    busy: 'Many people are signing in just now. Please try again.',
  },

  confirm: {
    title: 'Confirm that it is you',
    errorTitle: 'Error: confirm that it is you',
    lead: 'You signed in a while ago. Please confirm that it is you before you continue.',
    button: 'Confirm',
    passkey: 'Confirm with a passkey',
    wrongPassword: 'That is not your password.',
    otherAccount: 'That belongs to another account.',
  },

  consent: {
    title: (application: string) => `Allow ${application}?`,
    heading: (application: string) => `Allow ${application} to see this?`,
    purpose: (application: string, purpose: Html) =>
      html`${application} gives this purpose: ${purpose}`,
    noPurpose: (application: string) => `${application} does not give a purpose.`,
    untick: (application: string) =>
      `Untick what you do not want to share. ${application} sees what you allowed, and continues with that.`,
    whenYouAreAway: (scope: Html) =>
      html`With ${scope} it can see this even when you are not there; without it, only while you are signed in here.`,
    whileSignedIn: 'It can see this while you are signed in here.',
    end: html`You can change or end this at any time on <a href="/">your own page</a>, with immediate effect. Links that it has already received stop working within one hour.`,
    willConfirm:
      'You signed in a while ago. If you allow this, we ask you to confirm that it is you.',
    allowTicked: 'Allow what is ticked',
    allow: 'Allow',
    signedInAs: (name: string, email: string) => `You are signed in as ${name} (${email}).`,
    goBackTo: (host: Html) => html`After this you go back to ${host}.`,
    hasEnded: (application: string, day: Html) =>
      html`You allowed ${application} before, until ${day}. That has ended, so it asks again.`,
    purposeChanged: (application: string, purpose: Html) =>
      html`When you last decided about ${application}, its purpose was: ${purpose} The purpose has changed, so it asks again.`,
    purposeAdded: (application: string) =>
      `When you last decided about ${application}, it gave no purpose. Now it does, so it asks again.`,
    asksForMore: (application: string) =>
      `You decided about ${application} before. It now asks for more.`,
    youChose: (application: string) =>
      `You decided about ${application} before. This is what you chose.`,
    declinedBefore: 'You declined this before.',
    isNew: 'New: it did not ask for this before.',
    frozenTitle: (application: string) => `${application} is frozen`,
    frozenLead:
      'This application was reported, with a link in an e-mail to you or on your activity page. It cannot see any of your data, and cannot ask you for access.',
    frozenHelp: (path: string) =>
      html`To let it ask again, lift the freeze or end its access on <a href="${path}">its page</a>. Then go back to the application and start again.`,
    backToApplication: 'Back to the application',
  },

  application: {
    site: 'Its site',
    policy: 'Its privacy policy',
    terms: 'Its terms',
    logo: (application: string) => `Logo of ${application}`,
    runBy: (operator: string) => `Run by ${operator}`,
    unknownOperator: 'It does not say who runs it',
    saved: (application: string) =>
      `Saved. The change applies at once, also to access that ${application} already has.`,
    allowedFor: (day: Html, purpose: Html) =>
      html`Allowed since ${day} for this purpose: ${purpose}`,
    allowedWithout: (day: Html) => html`Allowed since ${day}. It gave no purpose.`,
    otherPurpose: (purpose: Html) =>
      html`It now states a different purpose: ${purpose} It has to ask you again.`,
    purposeRemoved: 'It no longer states a purpose. It has to ask you again.',
    untick: (application: string) =>
      `If you untick something, ${application} can no longer see it, starting with its next request. If you tick something, it gets that the next time it asks. Only ${application} can delete what it has already copied.`,
    save: 'Save',
    endHeading: 'End access',
    endLead: (application: string) =>
      `${application} then has no access at all, and must ask you before it gets any again.`,
    endButton: (application: string) => `End access of ${application}`,
    frozen:
      'Frozen: this application was reported, with a link in an e-mail to you or on your activity page. It cannot see any of your data.',
    notYouHeading: 'If you did not allow it',
    notYou: html`End its access. It then has no access at all, and must ask you before it gets any again. If you have not done so yet, <a href="/reset">set a new password</a>.`,
    youHeading: 'If it was you after all',
    you: (application: string) =>
      `Lift the freeze. What you allowed ${application} applies again at once.`,
    liftButton: 'Lift the freeze',
  },

  scopes: {
    openid: {
      title: 'Recognise you',
      sentence: 'An identifier, so that the application recognises you when you come back.',
    },
    profile: { title: 'Your name', sentence: 'Your given name and surname.' },
    email: {
      title: 'Your e-mail address',
      sentence: 'Your address, and whether it was confirmed.',
    },
    offline_access: {
      title: 'Stay connected',
      sentence:
        'It can come back for the same things when you are not there, for as long as you allow.',
    },
    'eprospera:person.details.read': {
      title: 'Your personal details',
      sentence: 'Your name, date and country of birth, citizenships, address and telephone number.',
    },
    'eprospera:person.residency.read': {
      title: 'Your residency',
      sentence: 'Whether you are a resident, of which kind, and since when.',
    },
    'eprospera:person.id_verification.status.read': {
      title: 'Whether your identity was verified',
      sentence: 'That it was, since when and with which kind of document; no photo and no number.',
    },
    'eprospera:person.age_over.read': {
      title: 'Whether you are old enough',
      sentence: 'Whether you have reached an age that it names, but never your date of birth.',
    },
    'eprospera:person.id_verification.read': {
      title: 'The photos of your identity document and your face',
      sentence:
        'The front and back of your document and your selfie from your latest approved verification, as links that open them for one hour without signing in.',
    },
  },

  permissions: {
    heading: 'What it may see and do',
    always: (sentence: string) => `${sentence} Signing in always includes this.`,
    orLess: (title: string) => `${title}, or less`,
    acceptsLess: 'The application also accepts less.',
    less: (title: string) => `Less: ${title}`,
    neither: 'Neither',
    howLong: 'For how long',
    periods: { day: '1 day', month: '30 days', year: '1 year' },
    periodUntil: (period: string, day: Html) => html`${period}, until ${day}`,
    asItIsUntil: (day: Html) => html`As it is: until ${day}`,
    asItIsOpen: 'As it is: until I end it myself',
    open: 'Until I end it myself',
    choose: 'Please choose how long this is allowed.',
    today: (what: string) => `Today: ${what}.`,
    confirmed: (email: string) => `${email}, confirmed`,
    notConfirmed: (email: string) => `${email}, not confirmed`,
    noDocuments:
      'Today there is nothing to see: none of your checks is approved. Once a check is approved, it can see the photos of that check.',
    documents: (photos: string, day: Html) =>
      html`Today: ${photos}, from the check of ${day}. If a later check is approved, it sees the photos of that check instead.`,
    notCopiedYet: 'nothing yet, because the photos are still being copied',
    photos: {
      front: (document: string) => `the front of your ${document}`,
      back: (document: string) => `the back of your ${document}`,
      both: (document: string) => `the front and back of your ${document}`,
      face: 'your face',
    },
    kinds: {
      passport: 'passport',
      national_id: 'identity card',
      drivers_license: 'driving licence',
      residence_permit: 'residence permit',
      visa: 'visa',
      other: 'document',
    },
  },

  device: {
    title: 'Connect a device',
    errorTitle: 'Error: connect a device',
    lead: 'Enter the code that your device or program shows.',
    confirmTitle: (application: string) => `Connect ${application}?`,
    confirmLead:
      'Continue only if you started this yourself, just now, and your device shows exactly this code:',
    doneTitle: 'Connected',
    doneHeading: (application: string) => `${application} is connected`,
    doneLead: html`Go back to your device; you can close this page. You can end its access at any time on <a href="/">your own page</a>.`,
    aborted: 'Nothing was allowed. You can close this page.',
    noCode: 'Type the code that your device shows.',
    wrongCode:
      'This code is unknown, has expired, or was used already. Check your device, and try again.',
  },

  signOut: {
    title: 'Sign out?',
    lead: 'An application asks to sign you out of the identity portal as well.',
    stay: 'Stay signed in',
    doneTitle: 'Signed out',
    doneHeading: 'You are signed out',
    doneLead: html`You can close this page, or <a href="/">sign in again</a>.`,
  },

  home: {
    greeting: (name: string) => `Good to see you, ${name}`,
    nameHeading: 'Your name',
    offeredName: (name: Html) =>
      html`The name on your document is ${name}. Use this name for your account?`,
    useName: 'Use this name',
    checks: 'Your identity checks',
    noChecks:
      'Nothing here yet. After an identity check, the result and the photos appear on this page.',
    applications: 'Who may see your data',
    noApplications:
      'Nobody. When you allow an application to see your data, it is listed here, and you can end its access here.',
    activity: 'Who has read your data, and when',
    links: 'Linked organisations',
    noLongerSees: (application: string) => `${application} can no longer see your documents.`,
    notCompared:
      'We are comparing the document with your account. Until that is done, no application can see it.',
    rejected: 'We reviewed this document and do not accept it for your account.',
    rejectedHelp:
      'No application can see it. If you think this is wrong, write to the people who run this portal.',
    mismatch: 'This document does not match your account:',
    mismatchHelp: 'One of our staff will review it. Until then, no application can see it.',
    differences: {
      name: 'The name on the document is different from the name of your account.',
      'birth-date': 'The date of birth on the document is different from the one in the registry.',
      'birth-date-missing': 'The date of birth on the document could not be read.',
      'name-missing': 'The name on the document could not be read.',
    },
    statuses: {
      pending: 'In progress',
      approved: 'Approved',
      declined: 'Declined',
      resubmission: 'New photos needed',
      review: 'Being reviewed',
      expired: 'Expired',
      error: 'Could not be completed',
      notAccepted: 'Not accepted',
      documentExpired: 'Document expired',
    },
    kinds: {
      passport: 'Passport',
      national_id: 'Identity card',
      drivers_license: 'Driving licence',
      residence_permit: 'Residence permit',
      visa: 'Visa',
      other: 'Identity check',
    },
    images: {
      document_front: 'Front of the document',
      document_back: 'Back of the document',
      selfie: 'Your face',
    },
    /** Who checked a document without a vendor. */
    people: 'people of the organisation',
    started: (day: Html, vendor: string) => html`Started on ${day}, checked by ${vendor}.`,
    documentValid: (day: Html) => html`The document is valid until ${day}.`,
    documentExpired: (day: Html) =>
      html`The document expired on ${day}. Applications can see that it has expired. Please have a new document checked.`,
    copying: 'We are copying the photos. They will appear here in a moment.',
    unreadable: (vendor: string) =>
      `We could not read the photos from ${vendor}, so there is nothing to show. The people who run this portal can request them again.`,
    showPhotos: 'Show the photos',
    details: 'Details of this check',
    frozen: (path: string) =>
      html`Frozen: this application was reported, with a link in an e-mail to you or on your activity page. It cannot see any of your data until you <a href="${path}">lift the freeze or end its access</a>.`,
    allowed: 'Allowed',
    nothing: 'nothing',
    declined: 'Declined',
    since: 'Since',
    until: 'Until',
    untilYouEndIt: 'you end it',
    lastConnected: 'Last connected',
    change: 'Change',
    changeLabel: (application: string) => `Change what ${application} may see`,
    end: 'End access',
  },

  verification: {
    checkedBy: 'Checked by',
    started: 'Started',
    decided: 'Decided',
    validUntil: 'Valid until',
    expired: 'Expired on',
    hidden: 'Sign in again to see the photos, and what was read from the document.',
    show: 'Show them',
    photos: 'Photos',
    noPhotos: 'There are no photos to show.',
    read: 'What was read from the document',
    nothingRead: 'Nothing that could be read from the document was sent to us.',
    notYours:
      'This check was made for an organisation, and its document is not confirmed to be yours. What was read from it is not shown.',
    findings: {
      fullName: 'Full name',
      givenName: 'Given names',
      surname: 'Surname',
      dateOfBirth: 'Date of birth',
      nationality: 'Nationality',
      documentType: 'Type of document',
      country: 'Issued by',
      number: 'Number',
      issuedOn: 'Issued on',
      expiresOn: 'Expires on',
    },
    otherDocument: 'Other document',
    compared: 'What it was compared with',
    notCompared: 'A document is compared with your account when it is approved.',
    noReference:
      'There was nothing to compare it with: the name of your account is what you typed yourself.',
    matches: 'The document matches these entries of your account:',
    differs: 'The document was compared with these entries of your account:',
    name: 'Name',
    /** An entry of the account, and where it comes from. */
    sources: {
      registry: (entry: Html | string) => html`${entry} (from the registry)`,
      operator: (entry: Html | string) =>
        html`${entry} (entered by the people who run this portal)`,
      document: (entry: Html | string) => html`${entry} (from an earlier document)`,
      resident: (entry: Html | string) => html`${entry} (typed by you)`,
    },
    attempts: 'Attempts',
    noAttempts: 'No decision has arrived yet.',
    attempt: (number: string, result: string, day: Html) =>
      html`Attempt ${number}: ${result}, ${day}`,
    attemptReviewed: (number: string, result: string, day: Html) =>
      html`Attempt ${number}: ${result}, ${day}, by staff of the organisation that started it`,
  },

  photo: {
    back: 'Back to the identity check',
    hidden: 'Sign in again to see this photo.',
    show: 'Show the photo',
    unreadable:
      'This photo cannot be shown right now. It is kept safely. Please try again in a few minutes.',
    zoom: 'Show in actual size',
    region: 'The photo in actual size, to be scrolled',
    open: 'Open the photo alone',
    download: 'Download',
    type: 'Type',
    taken: 'Taken',
    stored: 'Stored',
    size: 'Size',
    digest: 'SHA-256',
    digestUse:
      'The digest identifies this file: a copy that somebody else has is the same file exactly when it has the same digest.',
    /** Drawn in the place of a small photo: one sentence, in lines of at most 16 characters. */
    drawn: {
      unreadable: ['This photo', 'cannot be shown', 'right now.'],
      hidden: ['Sign in again', 'to see', 'this photo.'],
    },
  },

  account: {
    errorTitle: 'Error: your account',
    signedInAs: (email: Html) => html`You sign in as ${email}.`,
    newEmail: 'New e-mail',
    sendLink: 'Send a confirmation link',
    emailHelp:
      'Your address changes when you open the link and confirm it. We also notify your old address.',
    changePassword: 'Change the password',
    setPassword: 'Set the password',
    passwordHelp: html`A new password signs you out everywhere. You can also <a href="/reset">reset it by e-mail</a>.`,
    secondStep: 'Second step',
    hasTotp:
      'You sign in with your password and a code from your authenticator app, or with a passkey.',
    removeTotp: 'Remove the authenticator app',
    hasPasskey:
      'You sign in with a passkey. You can also set up an authenticator app and sign in with your password and a code.',
    hasNone:
      'Add an authenticator app or a passkey, so that nobody can sign in with your password alone.',
    addTotp: 'Set up an authenticator app',
    codesLeft: (count: number) =>
      format.plural(count, {
        one: 'One recovery code is left.',
        other: `${count || 'No'} recovery codes are left.`,
      }),
    newCodes: 'Make new recovery codes',
    newCodesHelp: 'New codes replace the old ones.',
    passkeys: 'Passkeys',
    passkeysHelp:
      'With a passkey you sign in by unlocking your device, for example with your fingerprint. A fake page cannot steal it.',
    addPasskey: 'Add a passkey',
    newPasskeyName: 'Name of a new passkey',
    passkeyExample: 'My phone',
    passkeyNotAdded: 'No passkey was added. Please try again.',
    passkeyNoScript: 'Adding a passkey needs JavaScript, which is turned off in your browser.',
    synced: 'synced between your devices',
    onOneDevice: 'on one device',
    passkeyUsed: (added: Html, used: Html) => html`Added ${added}, last used ${used}.`,
    passkeyAdded: (added: Html) => html`Added ${added}.`,
    needsPassword:
      'You reset your password by e-mail after you added this passkey. To sign in with the passkey alone again, first sign in once with your password and then this passkey. If you do not recognise it, remove it.',
    passkeyName: 'Name',
    rename: 'Rename',
    renameLabel: (name: string) => `Rename ${name}`,
    remove: 'Remove',
    removeLabel: (name: string) => `Remove ${name}`,
    devices: 'Where you are signed in',
    endOthers: 'Sign out everywhere else',
    devicesHelp:
      'You are signed out after 12 hours without use, and at the latest 14 days after you last signed in.',
    thisBrowser: 'This browser',
    sessionUsed: (signedIn: Html, used: Html) => html`Signed in ${signedIn}, last used ${used}.`,
    endLabel: (device: string) => `Sign out ${device}`,
    noAddress: 'Please enter an e-mail address.',
    sameAddress: 'This is already your address.',
    passkeyAddedWithCodes: (name: string) =>
      `The passkey “${name}” was added. You can sign in with it from now on.`,
  },

  notices: {
    'email-sent': 'We have sent a link to your new address. Open it in this browser.',
    'passkey-added': 'The passkey was added. You can sign in with it from now on.',
    'passkey-renamed': 'The passkey was renamed.',
    'passkey-removed': 'The passkey was removed. Nobody can sign in with it any more.',
    'totp-added': 'The authenticator app was added.',
    'totp-removed': 'The authenticator app was removed.',
    'session-ended': 'That device is signed out.',
    'sessions-ended': 'All other devices are signed out.',
    'notifications-saved': 'Saved. It applies from the next mail on.',
  },

  devices: {
    on: (browser: string, system: string) => `${browser} on ${system}`,
    unknown: 'Unknown device',
  },

  activity: {
    title: 'Activity',
    errorTitle: 'Error: activity',
    heading: 'Who has seen your data',
    lead: 'We record every access before we show anything. The record is protected: nobody can change it without it being noticed.',
    none: 'Nobody has seen your data yet.',
    noneFound: 'No entry fits this filter.',
    filterHeading: 'Choose entries',
    application: 'Application',
    anyApplication: 'All',
    topic: 'What happened',
    anyTopic: 'Everything',
    topics: {
      documents: 'Photos were seen',
      details: 'Personal details were read',
      status: 'Only a result was read',
      refusals: 'Access was refused',
      organisations: 'An organisation checked you',
      operator: 'People who run this portal',
      changes: 'Links and erasures',
    },
    from: 'From day',
    to: 'To day',
    apply: 'Show',
    showAll: 'Show everything',
    noDay: 'Please enter a day, such as 2026-03-31.',
    wrongOrder: 'This day is before the first one. Please swap them.',
    continues: 'More entries of this day are on the next page.',
    times: (count: number, last: Html) =>
      html`${format.plural(count, { one: 'Once', other: `${count} times` })}, last on ${last}`,
    purpose: (purpose: string) => `Stated purpose: “${purpose}”`,
    entry: (id: string) => `Entry ${id}`,
    older: 'Older',
    newest: 'Newest',
    unexpected: 'I did not expect this',
    unexpectedLabel: (id: string) => `I did not expect this: entry ${id}`,
    endedHeading: 'Applications that no longer see your data',
    endedNone: 'None. An application whose access ends is listed here.',
    ended: {
      resident: (application: Html, from: Html, until: Html) =>
        html`${application} had access from ${from} until ${until}. You ended it.`,
      expiry: (application: Html, from: Html, until: Html) =>
        html`${application} had access from ${from} until ${until}. Then the time was over that you had allowed.`,
      removal: (application: Html, from: Html, until: Html) =>
        html`${application} had access from ${from} until ${until}. Then it was removed from this portal.`,
    },
    endedHelp: 'What an application copied while it had access, only that application can delete.',
    you: 'You',
    removedApplication: 'An application that was removed',
    operator: 'The people who run this portal',
    saw: (who: Html, photos: string) => html`${who} saw ${photos}.`,
    sawCheck: (who: Html) => html`${who} saw your identity check, without photos.`,
    metadata: (who: Html, photos: string) =>
      html`${who} read the size and date of the photos of ${photos}, but did not see them.`,
    nothing: (who: Html) => html`${who} asked for your data, but there was nothing to show.`,
    person: (who: Html) => html`${who} read your personal details.`,
    residency: (who: Html) => html`${who} read your residency.`,
    status: (who: Html) => html`${who} read whether your identity was verified, and nothing else.`,
    age: (who: Html, age: string) =>
      html`${who} read whether you are over ${age}, and nothing else.`,
    claims: (who: Html, names: string) => html`${who} read ${names}.`,
    claimsAndPhotos: (who: Html, names: string, photos: string) =>
      html`${who} read ${names}, and saw ${photos}.`,
    claimNames: {
      name: 'your name',
      given_name: 'your name',
      family_name: 'your name',
      email: 'your e-mail address',
      email_verified: 'your e-mail address',
      verified_claims: 'the result of your identity check',
    },
    event: (who: Html) => html`${who} was notified that your identity check has changed.`,
    refusal: (who: Html, scopes: string) =>
      html`${who} asked for something that you had not allowed (${scopes}), and was refused.`,
    tenantReads: {
      verification: (who: Html) => html`${who} read one of your identity checks.`,
      verifications: (who: Html) => html`${who} read the list of your identity checks.`,
      result: (who: Html) => html`${who} read the result of an identity check.`,
      'started verification': (who: Html) => html`${who} started an identity check for you.`,
      subject: (who: Html) =>
        html`${who} read the id it uses for you, and whether you are linked to it.`,
      subjects: (who: Html) =>
        html`${who} read the id it uses for you, and whether you are linked to it, in a list of people.`,
      alerts: (who: Html) =>
        html`${who} read that something about one of your identity checks needs a closer look.`,
    },
    reviews: {
      approved: (who: Html) => html`${who} reviewed your identity check and approved it.`,
      declined: (who: Html) => html`${who} reviewed your identity check and declined it.`,
    },
    alertResolved: (who: Html) =>
      html`${who} read and settled an alert about one of your identity checks.`,
    alertEnded:
      'An alert about one of your identity checks was settled, because its document fits your account now.',
    operatorReads: {
      resident: (who: Html) => html`${who} read your personal details.`,
      verification: (who: Html) => html`${who} read one of your identity checks.`,
      delivery: (who: Html) =>
        html`${who} read a message that a verification company sent about you.`,
      event: (who: Html) => html`${who} read which notifications were sent about you.`,
      ledger: (who: Html) => html`${who} read this list.`,
      alert: (who: Html) =>
        html`${who} read that something about one of your identity checks needs a closer look.`,
      case: (who: Html) => html`${who} read what you wrote about an entry of this list.`,
    },
    exported: 'A copy was made of everything that this portal holds about you.',
    verificationErased: 'An identity check was erased.',
    accountErased: 'Your account was erased.',
    subjectErased: (who: Html, organisation: string) =>
      html`${who} erased the record that ${organisation} had of you.`,
    anOrganisation: 'an organisation',
    accepted: (who: Html, reason: string) =>
      html`${who} accepted your document for this account. ${reason}.`,
    notAccepted: (who: Html, reason: string) =>
      html`${who} did not accept your document for this account. ${reason}.`,
    reason: (reason: string) => `Reason: ${reason}`,
    reasonErased: 'The reason was erased',
    factorsRemoved: (who: Html) =>
      html`${who} removed your passkeys, authenticator app and recovery codes.`,
    linked: (who: Html, organisation: string) =>
      html`${who} linked the record that ${organisation} has of you to your account.`,
    unlinked: (who: Html, organisation: string) =>
      html`${who} ended the link to the record that ${organisation} has of you.`,
    trust: 'This portal began or ceased to accept the identity checks of an organisation.',
    unrecognized: (who: Html) => html`${who} read some of your data.`,
  },

  activityEntry: {
    back: 'Back to your activity',
    when: 'When',
    who: 'Who',
    purpose: 'Stated purpose',
    noPurpose: 'none',
    permission: 'Permission',
    check: 'Identity check',
    checkLink: 'Details of this check',
    request: 'Request',
    files: 'Files',
    filesHelp:
      'These are the files that were disclosed, each with its SHA-256 digest. A copy that somebody has is the same file exactly when it has the same digest.',
    proof: 'Proof',
    proofHelp:
      'The entry is one of the leaves of a signed tree. This file proves it: nobody, the people who run this portal included, can change or remove the entry without the proof failing.',
    download: 'Download the proof',
    notProven: 'The proof is made within a few seconds. Please load this page again.',
    verifyHeading: 'How to verify it without trusting this portal',
    verifyLeaf:
      'The SHA-256 of one zero byte and the bytes of “entry” is “leaf”, in base64url like all hashes of the file.',
    verifyPath:
      'With “index”, “size” and the hashes of “path”, “leaf” leads to “root” (RFC 9162, section 2.1.3.2).',
    verifyHead: html`“head” is a JWT over “size” and “root”, signed with a key of <a href="/.well-known/ledger">the ledger’s public address</a>. Keep the head: a later one must continue it.`,
    stored: 'The entry as it is stored',
  },

  unexpected: {
    errorTitle: 'Error: I did not expect this',
    whatHappens: 'What happens when you report this',
    effects: {
      live: (who: string) =>
        `We freeze ${who} at once: it can no longer see any of your data, until you lift the freeze or end its access.`,
      frozen: (who: string) => `${who} is frozen already. It cannot see any of your data.`,
      ended: (who: string) =>
        `${who} has no access to your data today, so nothing has to be frozen.`,
      none: (who: string) =>
        `This was not an access that you can freeze. It was done by: ${who}. We look into it.`,
    },
    operator: 'The people who run this portal are told, and look into it.',
    answer: 'You get a mail now, and their answer by mail and on this page.',
    note: 'What should they know? (optional)',
    noteHelp: (most: string) =>
      `For example why you did not expect it. At most ${most} characters. Please write no passwords or codes.`,
    tooLong: (most: string) => `Please write at most ${most} characters.`,
    hidden: 'This contains characters that cannot be shown. Please write it in ordinary letters.',
    freezeButton: (application: string) => `Report, and freeze ${application}`,
    button: 'Report',
    keep: 'Do not report',
    doneTitle: 'You reported this',
    states: { open: 'Being looked into', answered: 'Answered', closed: 'Closed' },
    reportedOn: (at: Html) => html`You reported it on ${at}.`,
    frozen: (application: string, path: string) =>
      html`${application} was frozen with the report. On <a href="${path}">its page</a> you can end its access, or lift the freeze if you expected it after all.`,
    yourNote: 'What you wrote',
    answerOf: (at: Html) => html`The answer of ${at}`,
    next: 'What happens next',
    nextOpen:
      'The people who run this portal look into it. You need not do anything. Their answer comes by mail and appears on this page.',
    closedOn: (at: Html) => html`The case was closed on ${at}.`,
    listHeading: 'What you reported',
    listed: (entry: Html, at: Html, state: string) => html`${entry}, reported on ${at}: ${state}`,
  },

  notifications: {
    title: 'Mails about your data',
    errorTitle: 'Error: mails about your data',
    lead: 'Choose how much mail you want when applications see your data. Your activity page has everything in any case.',
    legend: 'When an application sees your data',
    choices: {
      each: 'A mail at the first look, and for each new kind of data',
      daily: 'One summary a day, when something was seen',
      security: 'No mail, only what is needed for security',
    },
    helps: {
      each: 'Also when an application looks again after 90 days. What it sees within a minute is one mail.',
      daily: 'The summary names each application and what it saw.',
      security: 'You see on your activity page who has seen what.',
    },
    always:
      'These mails always come: a sign-in from a new browser, a new permission for an application, changes of your password, address, passkeys or second steps, reports and their answers.',
    choose: 'Please choose one of the three.',
    save: 'Save',
    kinds: {
      documents: 'Photos of your identity document or your face',
      person: 'Your personal details',
      residency: 'Your residency',
      status: 'The result of your identity check',
      age: 'Whether you are old enough',
      name: 'Your name',
      email: 'Your e-mail address',
    },
    again: (kind: string, day: string) => `${kind} (the last time before was ${day})`,
    sawKind: (application: string, kind: string) => `${application} saw: ${kind}`,
  },

  links: {
    signInTitle: 'Sign in to continue',
    signInLead: (organisation: string) =>
      `${organisation} asks to link its record of you to your account here. Please sign in first. Then we explain what the link does, and you decide.`,
    title: (organisation: string) => `Link ${organisation}`,
    heading: (organisation: string) => `Link ${organisation} to your account?`,
    lead: (organisation: string) =>
      `${organisation} has a record of you, and checks your identity for its own purposes. You can link that record to your account here.`,
    whatItDoes: 'What linking does',
    checks: (organisation: string) =>
      `All identity checks by ${organisation}, past and future, belong to your account until you end the link. Applications that you allow to see your identity check can then see their documents and photos.`,
    trusted: (organisation: string) =>
      `This portal trusts ${organisation} to check residents. A check counts for you if its document matches your account.`,
    notTrusted: (organisation: string) =>
      `This portal does not trust ${organisation} to check residents yet. Until it does, none of these checks counts for you.`,
    sees: (organisation: string) =>
      `${organisation} sees that the link exists, and nothing else: not your name, your e-mail address, your documents, or who may see them.`,
    ends: (organisation: string) =>
      `You can end the link at any time. ${organisation} keeps its own record.`,
    replaces: (day: Html, organisation: string) =>
      html`On ${day} you linked another record of ${organisation}. This link replaces it.`,
    warning: (organisation: string) =>
      `Continue only if you are a customer of ${organisation} yourself and asked for this link. If somebody else sent it to you, do not accept it.`,
    doNotLink: 'Do not link',
    listTitle: 'Linked organisations',
    listLead:
      'You linked the identity checks of these organisations to your account. They see that the link exists, and nothing else.',
    none: 'None.',
    linkedOn: (day: Html) => html`Linked on ${day}.`,
    noChecks: 'No identity check yet.',
    check: (day: Html, result: string) => html`Identity check of ${day}: ${result}`,
    goBack: (organisation: string) => `Go back to ${organisation}`,
    end: 'End the link',
    endLabel: (organisation: string) => `End the link with ${organisation}`,
    differences: {
      name: 'the name is different',
      'birth-date': 'the date of birth is different',
      'name-missing': 'it shows no name to compare',
    },
    declined: 'it was declined and does not count.',
    notFinished: 'it is not finished and does not count yet.',
    rejected:
      'the people who run this portal decided that the document is not yours. It does not count.',
    mismatch: (differences: string) =>
      `its document does not match your account: ${differences}. It does not count. If the document is yours, write to the people who run this portal.`,
    notCompared: 'its document has not been compared with your account yet.',
    counts: 'it counts as your identity check.',
    notTrustedYet: (organisation: string) =>
      `its document matches your account, but it does not count until this portal trusts ${organisation} to check residents.`,
  },

  reset: {
    title: 'Set a new password',
    errorTitle: 'Error: set a new password',
    lead: 'We send a link to your e-mail address. Open it in this browser.',
    send: 'Send the link',
    back: 'Back to sign-in',
    noAddress: 'Please enter your e-mail address.',
    sentTitle: 'Check your e-mail',
    sentLead:
      'If this address belongs to a resident, we have sent a link to it. Open the link in this browser. It works once, for 30 minutes.',
    sentHelp: html`No e-mail? Check your spam folder, and that you typed the address you sign in with. <a href="/reset">Try again</a>`,
    chooseTitle: 'Choose a new password',
    chooseErrorTitle: 'Error: choose a new password',
    chooseLead:
      'Use at least 15 characters. Four unrelated words are a good choice; digits and symbols are not required.',
    set: 'Set the password',
    chooseHelp: 'A new password signs you out on every device and disconnects every application.',
    doneTitle: 'Your password is set',
    doneLead: html`You were signed out everywhere, and every application was disconnected. <a href="/">Sign in</a> with the new password, or go back to the application you came from.`,
    applications: 'These applications were connected',
    applicationsHelp:
      'What you allowed them applies again when you next sign in there. If you do not recognise one of them, open its page and end its access.',
    passkeys: 'These passkeys belong to your account',
    passkeyUsed: (name: string, added: string, used: string) =>
      `${name}, added on ${added}, last used on ${used}`,
    passkeyNeverUsed: (name: string, added: string) => `${name}, added on ${added}, never used`,
    passkeysHelp: html`To sign in with one of them alone again, first sign in once with your new password and then that passkey. If you do not recognise one of them, sign in, <a href="/account#passkeys">remove it</a> and make new recovery codes. If we ask for a passkey or a code that you do not have, write to the people who run this portal.`,
  },

  signUp: {
    title: 'Create an account',
    errorTitle: 'Error: create an account',
    lead: 'Keep your documents in one place, and decide who may see them.',
    leadFor: (application: Html) =>
      html`${application} would like to know who you are. After this you decide what it may see.`,
    byInvitation:
      'You need an invitation from the people who run this portal. Use the address that they invited.',
    help: 'We send you a link and a code, to be sure that the address is yours.',
    hasAccount: 'I already have an account',
    noAddress: 'Please enter your e-mail address, such as ana@example.com.',
    sentTitle: 'Check your e-mail',
    sentErrorTitle: 'Error: check your e-mail',
    sent: (email: Html) =>
      html`We have sent an e-mail to ${email}. Open the link in this browser. It works once, for 30 minutes.`,
    sentIfInvited: (email: Html) =>
      html`If ${email} is invited, we have sent an e-mail to it. Open the link in this browser. It works once, for 30 minutes.`,
    otherDevice: 'Do you read your e-mail on another device? Type the code from the e-mail here.',
    noEmail: (path: string) =>
      html`No e-mail? Check your spam folder, and the address. <a href="${path}">Try again</a>`,
    wrongCode: 'That code is not right. After five wrong codes only the link in the e-mail works.',
  },

  newAccount: {
    title: 'Your new account',
    errorTitle: 'Error: your new account',
    lead: 'Your address is confirmed. This is the last step.',
    leadFor: (application: Html) => html`Last step: then you go on to ${application}.`,
    hasExpired: (application: string) =>
      `The request of ${application} has expired meanwhile. Create your account here, then go back to the application and start again.`,
    hasErrors: 'Your account is not created yet. Please correct what is marked below.',
    givenName: 'Given name',
    surname: 'Surname',
    nameHelp:
      'Type your name as it is on your identity document. Until a document proves it, it is your own statement.',
    noGivenName: 'Please enter your given name.',
    noSurname: 'Please enter your surname.',
    longName: 'A name has at most 100 characters.',
    strangeName: 'A name is one line of ordinary text, without control or invisible characters.',
    passwordHelp:
      'At least 15 characters. Four unrelated words are a good choice; digits and symbols are not required.',
    create: 'Create the account',
    passkey: 'Use a passkey instead of a password',
    passkeyFailed: 'That did not work. Please try again, or choose a password.',
    createdWithPasskey: 'Your account was created. You sign in with the passkey.',
    readyTitle: 'Your account is ready',
    ready: (application: Html) =>
      html`You are signed in. The request of ${application} has expired meanwhile: go back to the application and start again. You need not sign in again.`,
    home: 'Go to your own page',
  },

  confirmEmail: {
    title: 'Confirm your e-mail address',
    lead: (email: Html) => html`After that you sign in as ${email}.`,
    button: 'Use this address',
    doneTitle: 'Your e-mail address is confirmed',
    doneLead: html`You sign in with it from now on. <a href="/account">Go to your account</a>`,
  },

  notMe: {
    title: 'This was not me',
    consentHeading: (application: string) => `You did not allow ${application}?`,
    signInHeading: 'You did not sign in?',
    consentLead: (application: string) =>
      `If this was not you, we freeze ${application}: it can no longer see any of your data, until you lift the freeze or end its access. We also sign out the browser in which it was allowed. We also notify the people who run this portal.`,
    signInLead:
      'If this was not you, we sign out that browser and end the access that applications got through it. We also notify the people who run this portal.',
    button: 'This was not me',
    wasYou: 'If it was you, close this page. Nothing changes.',
    doneTitle: 'Thank you for telling us',
    consentDoneHeading: (application: string) => `${application} is frozen`,
    signInDoneHeading: 'That browser is signed out',
    consentDoneLead:
      'It can no longer see any of your data. The browser in which it was allowed is signed out.',
    consentDoneHelp: (application: string, path: string) =>
      html`Somebody may know your password. <a href="/reset">Set a new password</a> now; that signs you out everywhere. Then sign in and open <a href="${path}">the page of ${application}</a>. End its access there, or lift the freeze if it was you after all.`,
    signInDoneLead:
      'We also ended the access that applications got through it, and removed passkeys and authenticator apps that were added since then.',
    signInDoneHelp: html`Somebody may know your password. <a href="/reset">Set a new password</a> now; that signs you out everywhere. Then check <a href="/">your own page</a>, and end the access of every application that you do not recognise.`,
    entryHeading: (application: string) => `You did not expect that ${application} saw your data?`,
    entryLead: (application: string) =>
      `Then we freeze ${application}: it can no longer see any of your data, until you lift the freeze or end its access. We also notify the people who run this portal, who look into it.`,
    entryWasExpected: 'If you expected it, close this page. Nothing changes.',
    entryButton: 'I did not expect this',
    entryDoneHeading: 'Your report has arrived',
    entryDoneLead: (application: string) => `${application} can no longer see any of your data.`,
    entryDoneHelp: (path: string, report: string) =>
      html`Sign in to <a href="${report}">follow your report</a>. On <a href="${path}">the page of the application</a> you can end its access, or lift the freeze.`,
    notified: 'We have notified the people who run this portal.',
    theApplication: 'the application',
  },

  outbox: {
    title: 'Outbox',
    lead: 'No mail server is configured, so the portal shows its mails here instead of sending them.',
    none: 'No mails yet. Request a new password, then reload this page.',
    to: (address: string) => `To ${address}`,
  },

  errors: {
    cannotGoOn: 'We could not go on',
    nothingHere: 'Nothing here',
    ourMistake: 'Our mistake',
    requestId: (id: Html) => html`If you ask us about this, please give this number: ${id}`,
    ourSide: 'Something went wrong on our side. Please try again in a moment.',
    /** An error that was written for programs. */
    technical: (description: string) => description,
    notFound: 'There is nothing at this address.',
    unavailable: 'The portal cannot answer for the moment. Try again in a few seconds.',
    tooManyRequests: (seconds: number) =>
      `Too many requests came from your network. Please try again in ${seconds} ${format.plural(seconds, { one: 'second', other: 'seconds' })}.`,
    unreadableForm: 'The form in the request cannot be read.',
    foreignForm:
      'This form was not sent from our page, or it has expired. Please go back, reload the page and try again.',
    interactionExpired:
      'This step has expired, or was started in another browser. Go back to the application and start again.',
    startAgain: 'Please start again.',
    unregistered: 'This application is not registered any more.',
    signedOutMeanwhile:
      'You are not signed in any more. Go back to the application and start again.',
    signedOut: 'You are not signed in any more. Please sign in again.',
    confirmFirst: 'Please confirm that it is you first.',
    linkUsed:
      'This link was already used, has expired, or was replaced by a newer one. Ask the organisation that sent it for a new link.',
    linkedElsewhere: 'This record is already linked to another account.',
    hasTotp: 'Your account already has an authenticator app.',
    noFactor: 'Add an authenticator app or a passkey first.',
    lastFactor: 'This portal requires a second step. Add another one before you remove this one.',
    noPasskey: 'There is no such passkey.',
    passkeyRefused:
      'This passkey could not be added. Please go back, reload the page and try again.',
    otherBrowser:
      'Please open this link in the browser in which you requested it. It still works there.',
    mailLinkExpired: 'This link was already used or has expired. Please request a new one.',
    noticeExpired:
      'This link was already used or has expired. If something is still wrong, sign in and check your own page, or set a new password.',
    emailTaken: 'This address belongs to another account.',
    signUpClosed:
      'Nobody can create an account here by themselves. Ask the people who run this portal for one.',
    signUpExpired:
      'This link was already used or has expired. If you have no account yet, please start again.',
    signUpElsewhere:
      'Please open this link in the browser in which you began, or type the code from the e-mail there.',
    accountExists:
      'There is an account with this address already. Please sign in, or set a new password.',
    checkEnded:
      'This identity check has ended, or its link is incomplete. Ask the organisation that sent it for a new link.',
    unknownReturn:
      'This address does not belong to an identity check that was started here. If you have just finished one, its result appears with your documents by itself.',
  },

  protocolError: {
    title: 'This request could not be completed',
    lead: 'The application sent a request that we cannot process. Go back to the application and try again. If it happens again, contact the people who run it.',
    forDevelopers: 'For the developers of the application',
    error: 'Error',
    description: 'Description',
    advice: 'What to do',
    requestId: 'Request id',
  },

  mails: {
    signature: 'The identity portal',
    reset: ({ to, link, minutes }: Words<'to' | 'link' | 'minutes'>) => ({
      subject: 'Set a new password',
      text: `Someone asked to set a new password for the identity portal account of ${to}.

If it was you, open this link in the browser in which you asked. It works once, for ${minutes} minutes:

${link}

If it was not you, you need not do anything: without this link nothing changes.`,
    }),
    confirmEmail: ({ to, link, hours }: Words<'to' | 'link' | 'hours'>) => ({
      subject: 'Confirm your e-mail address',
      text: `Someone asked to use ${to} for an account of the identity portal.

If it was you, open this link in the browser in which you asked. It works once, for ${hours} hours:

${link}

If it was not you, you need not do anything: without this link the address is not used.`,
    }),
    signUp: ({ to, link, code, minutes }: Words<'to' | 'link' | 'code' | 'minutes'>) => ({
      subject: 'Create your account',
      text: `Someone asked to create an account of the identity portal with the address ${to}.

If it was you, open this link in the browser in which you asked. It works once, for ${minutes} minutes:

${link}

Are you reading this on another device? Then type this code on the page that is still open in that browser:

${code}

Never tell anyone the code. If it was not you, you need not do anything: without the link or the code no account is created.`,
    }),
    accountExists: ({ to, issuer }: Words<'to' | 'issuer'>) => ({
      subject: 'You already have an account',
      text: `Someone asked to create an account of the identity portal with the address ${to}. You have one already, and it has not changed.

If it was you, go back to the page and choose "I already have an account", or sign in here:

${issuer}/

If you do not know your password, set a new one:

${issuer}/reset

If it was not you, you need not do anything.`,
    }),
    invitation: ({ to, link, days }: Words<'to' | 'link' | 'days'>) => ({
      subject: 'You are invited to create an account',
      text: `The people who run the identity portal invite you to create an account with the address ${to}.

Open this link to choose how you sign in. It works once, for ${days} days:

${link}

If you do not want an account, you need not do anything: without this link none is created.`,
    }),
    accountCreated: ({ to, issuer }: Words<'to' | 'issuer'>) => ({
      subject: 'Your account was created',
      text: `Your account of the identity portal was created. You sign in as ${to}:

${issuer}/

If it was not you, set a new password at once, and write to the people who run the portal:

${issuer}/reset`,
    }),
    emailChanged: ({ to, now }: Words<'to' | 'now'>) => ({
      subject: 'Your e-mail address was changed',
      text: `From now on you sign in to the identity portal as ${now}; ${to} is not used any more.

If it was not you, write at once to the people who run the portal.`,
    }),
    /** `applications` and `passkeys` are paragraphs, or empty. */
    passwordChanged: ({ applications, passkeys }: Words<'applications' | 'passkeys'>) => ({
      subject: 'Your password was changed',
      text: `A new password was set for your account of the identity portal, and every session was ended.
${applications}${passkeys}
If it was not you, ask for a new password at once, and write to the people who run the portal.`,
    }),
    disconnected: ({ list }: Words<'list'>) => `
These applications were connected to your account and are disconnected now. What you allowed them is remembered for when you sign in there again. If you do not know one of them, end its access:

${list}
`,
    passkeysKept: ({ list, page }: Words<'list' | 'page'>) => `
These passkeys belong to your account. Each opens it again once it was used right after the new password:

${list}

If you do not know one of them, sign in, remove it and make new recovery codes:

${page}

If signing in requires a passkey or a code that you do not have, write to the people who run the portal.
`,
    passkeyAdded: {
      subject: 'A passkey was added',
      text: `A passkey was added to your account of the identity portal: you can sign in with it from now on.

If it was not you, sign in, remove it on the page of your account, and set a new password.`,
    },
    newSignIn: ({ device, at, link, days }: Words<'device' | 'at' | 'link' | 'days'>) => ({
      subject: 'New sign-in to your account',
      text: `Someone signed in to your account of the identity portal in a browser that we do not know: ${device}, on ${at}.

If it was you, you need not do anything.

If it was not you, open this link. It works once, for ${days} days, without signing in, and ends that session:

${link}`,
    }),
    factorChanged: {
      'totp-added': {
        subject: 'An authenticator app was added',
        happened: 'An authenticator app was added to your account of the identity portal.',
      },
      'totp-removed': {
        subject: 'An authenticator app was removed',
        happened: 'The authenticator app was removed from your account of the identity portal.',
      },
      'passkey-removed': {
        subject: 'A passkey was removed',
        happened: 'A passkey was removed from your account of the identity portal.',
      },
      'recovery-codes-made': {
        subject: 'You have new recovery codes',
        happened:
          'New recovery codes were made, and the old ones ended, for your account of the identity portal.',
      },
      disowned: {
        subject: 'Second steps were removed',
        happened:
          'Because you reported a sign-in, every passkey, authenticator app and recovery code that was added since then was removed from your account of the identity portal.',
      },
      reset: {
        subject: 'Your second steps were removed',
        happened:
          'The people who run the portal removed every passkey, authenticator app and recovery code from your account of the identity portal.',
      },
    },
    factorHelp:
      'If you did not do or ask for this, set a new password at once, and write to the people who run the portal.',
    newConsent: (
      of: Words<'application' | 'at' | 'end' | 'opened' | 'link' | 'days' | 'page'>,
    ) => ({
      subject: 'An application may see your data',
      text: `On ${of.at} your account of the identity portal allowed "${of.application}", ${of.end}:

${of.opened}

If it was not you, open this link. It works once, for ${of.days} days, without signing in, and stops the application:

${of.link}

If it was you, you need not do anything. You can change or end it at any time:

${of.page}`,
    }),
    until: ({ day }: Words<'day'>) => `until ${day}`,
    untilYouEndIt: 'until you end it',
    /** `effect` is a paragraph. */
    caseOpened: ({ effect, page }: Words<'effect' | 'page'>) => ({
      subject: 'We received your report',
      text: `You reported an entry of your activity in the identity portal that you did not expect.

${effect}

The people who run the portal look into it. Their answer comes by mail and appears here:

${page}

If it was not you who reported it, set a new password at once.`,
    }),
    caseFroze: ({ application }: Words<'application'>) =>
      `"${application}" is frozen: it can no longer see any of your data, until you lift the freeze or end its access.`,
    caseFrozeNothing: 'No access had to be frozen.',
    caseAnswered: ({ answer, page }: Words<'answer' | 'page'>) => ({
      subject: 'The answer to your report',
      text: `The people who run the identity portal answer your report of an entry that you did not expect:

${answer}

The entry, your report and this answer:

${page}`,
    }),
    look: (of: Words<'application' | 'at' | 'seen' | 'days' | 'link' | 'page' | 'issuer'>) => ({
      subject: 'An application saw your data',
      text: `"${of.application}" saw data of yours in the identity portal that it had not seen before, on ${of.at}:

${of.seen}

If you expected this, you need not do anything. The entry and its proof:

${of.page}

If you did not expect it, open this link. It works once, for ${of.days} days, without signing in. It freezes the application's access and tells the people who run the portal:

${of.link}

How many of these mails you get, you choose here:

${of.issuer}/account/notifications`,
    }),
    summary: ({ since, list, issuer }: Words<'since' | 'list' | 'issuer'>) => ({
      subject: 'Who saw your data',
      text: `Since ${since} these applications saw data of yours in the identity portal:

${list}

Each time, with the proof and the button "I did not expect this":

${issuer}/activity

How many of these mails you get, you choose here:

${issuer}/account/notifications`,
    }),
    recoveryCodeUsed: ({ left }: { left: number }) => ({
      subject: 'A recovery code was used',
      text: `Somebody signed in to your account of the identity portal with your password and a recovery code. ${format.plural(left, { one: '1 of your recovery codes is left.', other: `${left} of your recovery codes are left.` })}

If it was not you, set a new password at once, and write to the people who run the portal.`,
    }),
    wrongCodes: {
      subject: 'Somebody knows your password',
      text: `Somebody typed the right password of your account of the identity portal, and then several wrong codes. They did not get in.

If it was not you, set a new password at once.`,
    },
  },
}

/** The named values of a mail. */
type Words<Name extends string> = Record<Name, string | number>

/** The catalogue of a language. */
export type Texts = typeof en
