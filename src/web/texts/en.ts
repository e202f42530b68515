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
    about: 'About this portal',
    help: 'Help',
    contact: 'Contact',
    privacy: 'Privacy',
    accessibility: 'Accessibility',
    developers: 'Developers',
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
    /** `zone` is the name of the time zone. */
    momentIn: (moment: string, zone: string) => `${moment} ${zone}`,
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

  sandbox: {
    name: 'Sandbox',
    banner: 'Invented people: nothing here is real.',
    title: 'Choose a persona',
    errorTitle: 'Error: choose a persona',
    lead: 'You see the pages of this person, as a resident sees their own.',
    leadFor: (application: Html) =>
      html`${application} would like to know who you are. Choose whom it meets: there is no password.`,
    legend: 'Personas',
    button: 'Continue as this person',
    unknown: 'Choose one of these personas.',
    confirmLead:
      'Here a resident confirms with a password or a passkey who they are. A persona needs only this button.',
    confirmButton: (name: string) => `Continue as ${name}`,
    notHere:
      'The sandbox has no such page. Residents have pages of their own for their account and their identity checks; what becomes of a persona follows from its kind.',
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
    /** What is confirmed, by the name of the button that was pressed, or by the first part of its address and its name. */
    purposes: {
      'change-email': 'You are about to change your e-mail address.',
      'change-password': 'You are about to change your password.',
      'add-passkey': 'You are about to add a passkey.',
      'remove-passkey': 'You are about to remove a passkey.',
      'add-totp': 'You are about to set up an authenticator app.',
      'remove-totp': 'You are about to remove the authenticator app.',
      'new-recovery-codes': 'You are about to make new recovery codes.',
      'end-session': 'You are about to sign out another device.',
      'end-others': 'You are about to sign out all other devices.',
      adopt: 'You are about to use the name on your document for your account.',
      photos: 'You are about to see your photos.',
      details: 'You are about to see your photos, and what was read from your document.',
      revoke: 'You are about to end the access of an application.',
      link: 'You are about to link an organisation to your account.',
      'applications save': 'You are about to allow an application to see more.',
      'account save': 'You are about to choose which e-mails you get.',
      'verify save': 'You are about to change what you stated for your identity check.',
      'verify open': 'You are about to see the photos and details of your identity check.',
      start: 'You are about to start an identity check.',
      'request-export': 'You are about to request a copy of your data.',
      'open-export': 'You are about to download a copy of your data.',
      erase: 'You are about to have your account erased.',
      lift: 'You are about to lift the freeze of an application.',
      allow: 'You are about to allow an application to see your data.',
    },
    button: 'Confirm',
    passkey: 'Confirm with a passkey',
    wrongPassword: 'That is not your password.',
    otherAccount: 'That belongs to another account.',
  },

  consent: {
    title: (application: string) => `Allow ${application}?`,
    errorTitle: (application: string) => `Error: allow ${application}?`,
    heading: (application: string) => `Allow ${application} to see this?`,
    purpose: (application: string, purpose: Html) =>
      html`${application} gives this purpose: ${purpose}`,
    noPurpose: (application: string) => `${application} does not give a purpose.`,
    untick: (application: string) =>
      `Untick what you do not want to share. ${application} sees what you allowed, and continues with that.`,
    choose: (application: string) =>
      `Nothing is shared that you do not choose. ${application} sees what you allowed, and continues with that.`,
    unanswered: 'Nothing has been shared yet. Please choose what you share:',
    whenYouAreAway: (scope: Html) =>
      html`With ${scope} it can see this even when you are not there; without it, only while you are signed in here.`,
    whileSignedIn: 'It can see this while you are signed in here.',
    end: html`You can change or end this at any time on <a href="/">your own page</a>, with immediate effect. Links that it has already received stop working within one hour.`,
    willConfirm:
      'You signed in a while ago. If you allow this, we ask you to confirm that it is you.',
    allowTicked: 'Allow what is ticked',
    allowChosen: 'Allow what I chose',
    allow: 'Allow',
    signedInAs: (name: string, email: string) => `You are signed in as ${name} (${email}).`,
    otherAccount: 'Not you? Use another account',
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
    trusted: 'The people who run this portal have checked this application.',
    resembles: (application: string, trusted: Html) =>
      html`Be careful: the name ${application} looks like ${trusted}, which is another application. The people who run this portal have checked that one, and not this one.`,
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
    notYou: html`End its access. It then has no access at all, and cannot ask you for any while it is frozen. If you have not done so yet, <a href="/reset">set a new password</a>.`,
    youHeading: 'If it was you after all',
    you: (application: string) =>
      `Lift the freeze. What you allowed ${application} applies again at once; if you have ended its access, it can ask you again.`,
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
    share: 'Share this',
    doNotShare: 'Do not share this',
    unanswered: 'Choose one of these.',
    whichPhotos: 'Which photos?',
    withoutPhotos:
      'What is not ticked is not shared. Without any photo, the application learns only that you were verified, when, and with which kind of document.',
    whyHidden: 'You signed in a while ago, so your details and photos are hidden.',
    show: 'Show what would be shared',
    hidden: 'Hidden.',
    facts: {
      name: 'Name',
      dateOfBirth: 'Date of birth',
      countryOfBirth: 'Country of birth',
      citizenships: 'Citizenships',
      sex: 'Sex',
      residentPermitNumber: 'Permit number',
      address: 'Address',
      phoneNumber: 'Telephone',
    },
    resident: (kind: string, day: Html) => html`Today: ${kind}, since ${day}.`,
    noResident: 'Today: you are not a resident.',
    verified: (day: Html, document: string) =>
      html`Today: verified on ${day}, with your ${document}.`,
    notVerified: 'Today: none of your checks is approved.',
    adult: {
      yes: 'Today, when asked whether you are 18, the answer is yes.',
      no: 'Today, when asked whether you are 18, the answer is no.',
    },
    noBirthDate: 'Today there is no answer, because your date of birth is not in the registry.',
    howLong: 'For how long',
    periods: { day: '1 day', month: '30 days', quarter: '90 days', year: '1 year' },
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
    endedTitle: 'The device is not connected',
    aborted:
      'You cancelled. Nothing was allowed, and the code does not work any more. You can close this page.',
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
      html`The document expired on ${day}. Applications may not accept it any more.`,
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
    purpose: 'Purpose',
    withheld: 'Photos not shared',
    lastRead: 'Last read your data',
    neverRead: 'never',
    change: 'Change',
    changeLabel: (application: string) => `Change what ${application} may see`,
    end: 'End access',
  },

  verify: {
    title: 'Verify your identity',
    lead: 'You take photos of an identity document and of your face. They are compared, and from then on you can show applications who you are.',
    leadFor: (application: string) =>
      `${application} asks for your identity document. You take photos of it and of your face, they are compared, and then you come back to decide what ${application} may see.`,
    needs: 'What you need',
    needed: [
      'Your passport, identity card, driving licence or residence permit: the document itself, not a copy.',
      'A phone or a computer with a camera, and good light.',
      'About five minutes.',
    ],
    /** Without a vendor, people of the portal check. */
    checkedBy: (vendor: string | undefined) =>
      vendor
        ? `The photos are checked by ${vendor}, on its own pages. Afterwards you come back here.`
        : 'The photos are checked by the people who run this portal. That can take a day or two.',
    storedHere:
      'The result and the photos are stored here. No application sees them before you allow it.',
    start: 'Start',
    startAgain: 'Start again',
    already: (day: Html) =>
      html`You were verified on ${day}. You need this only if you have a new document.`,
    notOffered:
      'This cannot be started here at the moment, because nobody is set up to check documents. Please write to the people who run this portal.',
    tooManyTitle: 'Error: verify your identity',
    tooMany: (moment: Html) =>
      html`You have started many checks today. You can start the next one on ${moment}. If it keeps failing, write to the people who run this portal.`,
    backTo: (application: string) => `Back to the request of ${application}`,
    continueWith: (application: string) => `Continue to ${application}`,
    waits: (application: string, moment: Html) =>
      html`${application} is waiting. You need not wait here: go back and decide now, and what you allow is shared as soon as the check is done. The request stays open until ${moment}. After that, start again at ${application}.`,
    requestEnded:
      'The request of the application is not open any more: it was answered, or it has expired. If you still want to go there, start again at the application. What you do here is not lost.',
    steps: 'Steps',
    stepNames: [
      'Start',
      'Take the photos',
      'The photos are checked',
      'The photos are stored here',
      'Done',
    ],
    stepDone: 'done',
    stepNow: 'now',
    stepFailed: 'not completed',
    states: {
      starting: {
        title: 'The check is being started',
        text: (vendor: string | undefined) =>
          `We are asking ${vendor ?? 'the portal'} to start the check. This takes a few seconds.`,
      },
      'not-started': {
        title: 'The check could not be started',
        text: () =>
          'Nobody who checks documents can be reached at the moment. Please try again in a few minutes. If it keeps failing, write to the people who run this portal.',
      },
      'at-vendor': {
        title: 'Take your photos',
        text: (vendor: string | undefined) =>
          vendor
            ? `You take the photos on the pages of ${vendor}. If you have finished there already, its answer has not arrived yet: that can take a few minutes.`
            : 'You take the photos here, and the people who run this portal check them.',
      },
      'new-photos': {
        title: 'New photos are needed',
        text: (vendor: string | undefined) =>
          `${vendor ?? 'The person who checked them'} could not check the photos. Please take them again, in good light, with the whole document in the picture and nothing covering it.`,
      },
      checking: {
        title: 'Your photos are being checked',
        text: (vendor: string | undefined) =>
          `${vendor ?? 'The portal'} has received your photos. The result usually arrives within minutes. You can close this page.`,
      },
      'in-review': {
        title: 'Your photos are being checked',
        text: (vendor: string | undefined) =>
          vendor
            ? `People at ${vendor} are looking at your photos. That can take a day. You can close this page.`
            : 'People of this portal are looking at your photos. That can take a day or two. You can close this page.',
      },
      mismatch: {
        title: 'Your document is being compared',
        text: () =>
          'The document was checked, and it does not match your account in every detail. One of our staff will look at it. You can close this page.',
      },
      photos: {
        title: 'You are verified',
        text: () => 'The photos are still being copied to this portal. That takes a moment.',
      },
      done: {
        title: 'You are verified',
        text: () => 'Your document was checked, and its photos are stored here.',
      },
      'document-expired': {
        title: 'Your document has expired',
        text: () => 'It was checked, but it is not valid any more. Please have a new one checked.',
      },
      declined: {
        title: 'The check was declined',
        text: (vendor: string | undefined) =>
          `${vendor ?? 'The portal'} did not accept the photos or the document. You can start again with another document, or with better photos.`,
      },
      rejected: {
        title: 'The document was not accepted',
        text: () =>
          'Our staff did not accept this document for your account. If you think this is wrong, write to the people who run this portal. You can also start again with another document.',
      },
      expired: {
        title: 'The check has ended',
        text: () => 'It was not finished in time, or it was cancelled. You can start again.',
      },
      failed: {
        title: 'The check could not be completed',
        text: (vendor: string | undefined) =>
          `Something went wrong${vendor ? ` at ${vendor}` : ''}. You can start again.`,
      },
    },
    goOn: (vendor: string | undefined) => (vendor ? `Continue with ${vendor}` : 'Take the photos'),
    newPhotos: 'Take new photos',
    checkAgain: 'Check again',
    seeIt: 'See your verification',
    otherwise: 'If something is not right',
    usedUp: 'If the page for the photos does not open any more, start again with a new one.',
    removesIt: 'If you do not want to be verified now, cancel it. Nothing of it is kept.',
    endsIt: 'If you do not want to take new photos, cancel it. You can start again later.',
    cancel: 'Cancel the check',
    noPageNow:
      'The page for the photos cannot be opened at the moment. Please try again in a minute.',
    elsewhereTitle: 'Go back to the device where you started',
    elsewhere:
      'If you only took the photos on this phone, you are finished here. The device on which you started shows how it goes on.',
    elsewhereOr: 'If you want to see it here, sign in.',
    cardText:
      'Take photos of an identity document and of your face once, and show applications who you are whenever you allow it.',
    cardStart: 'Verify your identity now',
    /** Of documents that are not there yet: on the consent page, and on the card of the home page. */
    missing: {
      heading: 'You are not verified yet',
      none: (application: string) =>
        `${application} asks for something that only exists after your identity was verified. You can do that now, and come back here.`,
      'to-finish': (application: string) =>
        `${application} asks for something that only exists after your identity was verified. You have begun, and not finished.`,
      'being-checked': (application: string) =>
        `${application} asks for something that only exists after your identity was verified. Your photos are being checked.`,
      verifyNow: 'Verify your identity first',
      goOn: 'Continue the verification',
      seeIt: 'See how far it is',
      later:
        'Or decide now: what you allow is shared as soon as it is there, and the application is told.',
    },
  },

  /** Why somebody was not verified (`id-verification/vendors/reasons/`), each in one sentence, and what to do next. */
  reasons: {
    'document-expired': {
      why: 'The document has expired.',
      next: 'Use a document that is still valid.',
    },
    'document-not-accepted': {
      why: 'This kind of document, or its country, is not accepted.',
      next: 'Use a passport or another official document with your photo.',
    },
    'document-damaged': {
      why: 'The document is damaged, or was cancelled.',
      next: 'Use another document that is in good condition.',
    },
    'document-incomplete': {
      why: 'A part of the document is missing in the photos.',
      next: 'Photograph every side that is asked for, with all four corners in the picture and nothing in front of it.',
    },
    'document-unconfirmed': {
      why: 'The document could not be confirmed.',
      next: 'Try again with the original document, or with another one.',
    },
    'original-needed': {
      why: 'The photos show a copy, a scan or a screen, or have no colours.',
      next: 'Photograph the original document itself, in colour.',
    },
    'photo-unclear': {
      why: 'The document cannot be read in the photos, because they are blurred, dark or have reflections.',
      next: 'Take the photos by daylight, without flash, and hold the camera still.',
    },
    'face-unclear': {
      why: 'Your face cannot be seen well enough.',
      next: 'Take the photo alone and in good light, without sunglasses, a hat or a mask.',
    },
    'face-different': {
      why: 'The photo of your face could not be matched with the photo on the document.',
      next: 'Take the photo again in good light, looking straight at the camera. If the photo on your document is old, use a newer document.',
    },
    'data-different': {
      why: 'What you entered and what the document or a register says are not the same.',
      next: 'Enter your data exactly as it is printed on the document.',
    },
    'more-needed': {
      why: 'Something more was needed.',
      next: 'Start again, and add everything that you are asked for.',
    },
    'address-proof': {
      why: 'Your address could not be confirmed.',
      next: 'Use a recent letter or bill that shows your full name and your address.',
    },
    'contact-unconfirmed': {
      why: 'Your e-mail address or telephone number was not confirmed.',
      next: 'Start again, and type the code that you are sent.',
    },
    age: {
      why: 'This check is not offered to people of your age.',
      next: 'Write to the people who run this portal: they may know another way.',
    },
    region: {
      why: 'This check is not offered in your country or language.',
      next: 'Write to the people who run this portal: they may know another way.',
    },
    'agreement-missing': {
      why: 'You did not agree to the check.',
      next: 'If you want to be verified, start again and agree to it.',
    },
    device: {
      why: 'The check does not work on the device that you used.',
      next: 'Start again on a telephone or computer with a camera and an up-to-date browser.',
    },
    unfinished: {
      why: 'The check was not finished.',
      next: 'Start again when you have your document and some minutes.',
    },
    'too-many-tries': {
      why: 'There were too many attempts.',
      next: 'Start a new check, and look at each photo before you send it.',
    },
    technical: {
      why: 'There was a technical problem, which was not your fault.',
      next: 'Please try again later.',
    },
    /** Also where a reason is not told, so it must not say that there is none. */
    unstated: {
      why: 'Your identity could not be confirmed with what was sent. We cannot tell you more about the reason.',
      next: 'Try again with the original of a valid document, in good light. If you think this is wrong, write to the people who run this portal.',
    },
    /** New photos are wanted, for a reason that is not known. */
    'photos-wanted': {
      why: 'Some photos were not good enough.',
      next: 'Take them again with the original document, in good light.',
    },
    tryAgain: 'Try again',
    newPhotos: 'Take new photos',
    newDocument: 'Have a document checked',
    /** A check that an organisation started. */
    askOrganisation:
      'An organisation started this check for you. Ask there about the reason, and what to do next.',
    expiresSoon: 'Have a new document checked before this one expires.',
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

  capture: {
    title: 'Your identity check',
    errorTitle: (title: string) => `Error: ${title}`,
    lead: 'Photograph your document and your face, and type what the document says. Then a person compares them.',
    who: 'A member of our staff looks at the photos. No computer decides, and nothing here checks whether a photo is taken live.',
    stepOf: (number: string, all: string) => `Step ${number} of ${all}`,
    backToCheck: 'Back to your check',
    backToSteps: 'Back to the steps',
    begin: 'Begin',
    goOn: 'Next step',
    usePhone: 'Continue on your phone',
    done: 'Done',
    toDo: 'To do',
    again: 'Please repeat',
    asked: (steps: string) =>
      `A person looked at what you sent, and asks you to repeat: ${steps}. This is what they wrote:`,
    confirmFirst: 'You signed in a while ago. We ask you to confirm that it is you first.',

    choose: {
      title: 'Your document',
      lead: 'Which document do you have with you?',
      missing: 'Choose one of the documents.',
      replaces: 'If you choose another document, what you typed is deleted.',
    },

    photo: {
      steps: {
        document_front: {
          title: 'Photo of the front',
          lead: 'Photograph the side of the document that has your picture. Of a passport, the page with your picture.',
        },
        document_back: {
          title: 'Photo of the back',
          lead: 'Turn the document around, and photograph the other side.',
        },
        selfie: {
          title: 'Photo of your face',
          lead: 'Photograph your face from the front, as you look today.',
        },
      },
      advice: {
        document_front: [
          'Lay it on a dark, even surface.',
          'All four corners are in the photo.',
          'No light is reflected, and every letter can be read.',
        ],
        document_back: [
          'All four corners are in the photo.',
          'No light is reflected, and every letter can be read.',
        ],
        selfie: [
          'Look straight into the camera, with light from the front.',
          'No sunglasses, no hat, and nobody else in the photo.',
        ],
      },
      file: 'Choose or take the photo',
      hint: 'A JPEG, PNG, WebP or HEIC of up to 20 MB. A phone opens its camera here.',
      openCamera: 'Use the camera of this device',
      takeAgain: 'Take it again',
      closeCamera: 'Close the camera',
      noCamera:
        'The camera could not be opened. Allow it in your browser, or choose a photo from your files.',
      view: 'What the camera sees now',
      outline: {
        card: 'Fill the frame with the card.',
        booklet: 'Fill the frame with the page that has your picture.',
        face: 'Bring your face into the oval.',
      },
      live: {
        dark: 'It is rather dark. Find more light.',
        blurred: 'Hold still, until the picture is sharp.',
      },
      take: 'Take the photo',
      preview: 'The photo that you are about to send',
      says: {
        small:
          'This photo is small. Small letters may be impossible to read. Move closer if you can.',
        dark: 'This photo looks dark. A photo with more light is easier to check.',
        blurred: 'This photo looks blurred. Please check that you can read every letter.',
        type: 'This file does not look like a photo.',
        large: 'This file has more than 20 MB. Please take a smaller photo.',
        unknown: 'Your browser cannot show this photo here. You can send it all the same.',
        good: 'This photo looks sharp and bright enough. Please check that you can read it.',
      },
      send: 'Send this photo',
      sending: 'Sending the photo. Please leave this page open.',
      progress: 'How much of the photo was sent',
      broken:
        'The connection broke before the photo arrived. Nothing is lost: send it again when you are connected.',
      received: 'We have this photo. If you send another one, it takes the place of this one.',
      replace: 'A person asks you for another photo in the place of this one.',
      faults: {
        missing: 'Choose or take a photo first.',
        large: 'This file has more than 20 MB. Please take a smaller photo.',
        type: 'This file is no photo that we can use. Send a JPEG, PNG, WebP or HEIC.',
        'cut-off': 'The photo did not arrive as a whole. Please send it again.',
        pixels: 'This photo has more than 50 megapixels. Please take a smaller one.',
        unreadable: 'This photo cannot be opened: the file is damaged. Please take another one.',
        same: 'This is the same photo as before. Please take another one.',
        busy: 'The photo could not be taken in just now. Please send it again in a moment.',
        'too-many':
          'This check has had too many photos. Please write to the people who run this portal.',
      },
    },

    details: {
      title: 'What the document says',
      lead: 'Type it as it is printed. A person compares it with the photos; it counts only after that.',
      wrong: 'Some of this cannot be right yet. Each place is marked below.',
      differs:
        'The lines with the < signs say something else than the other fields. Compare both with your document, and correct the one that is wrong. You may leave the lines empty.',
      differences: {
        name: 'The name is different.',
        'birth-date': 'The date of birth is different.',
        number: 'The number is different.',
        nationality: 'The nationality is different.',
        country: 'The country that issued the document is different.',
        expiry: 'The date of expiry is different.',
      },
      mrz: 'The lines with the < signs, if your document has them',
      mrzHint:
        'At the bottom of a passport page, or on the back of a card: two or three lines. Spaces do not matter. Leave this empty if there are none.',
      fill: 'Fill in the empty fields from these lines',
      faults: {
        format:
          'These are not the lines of a document. A passport has two lines of 44 characters; a card has three lines of 30, or two of 36.',
        length: (line: string, actual: string, expected: string) =>
          `Line ${line} has ${actual} characters instead of ${expected}. Count the < signs too.`,
        characters: (line: string) =>
          `Line ${line} has a character that does not belong there. It can have A to Z, 0 to 9 and < only.`,
        parts: {
          kind: (line: string, from: string, to: string) =>
            `Line ${line}, characters ${from} to ${to}: this does not begin as a passport or card does.`,
          country: (line: string, from: string, to: string) =>
            `Line ${line}, characters ${from} to ${to}: this is no code of a country.`,
          names: (line: string, from: string, to: string) =>
            `Line ${line}, characters ${from} to ${to}: names have letters and < signs only.`,
          number: (line: string, from: string, to: string) =>
            `Line ${line}, characters ${from} to ${to}: the number of the document does not fit its check digit. One of these characters is wrong.`,
          nationality: (line: string, from: string, to: string) =>
            `Line ${line}, characters ${from} to ${to}: this is no code of a nationality.`,
          'birth-date': (line: string, from: string, to: string) =>
            `Line ${line}, characters ${from} to ${to}: the date of birth does not fit its check digit. One of these characters is wrong.`,
          sex: (line: string, from: string, to: string) =>
            `Line ${line}, characters ${from} to ${to}: this can be M, F or < only.`,
          expiry: (line: string, from: string, to: string) =>
            `Line ${line}, characters ${from} to ${to}: the date of expiry does not fit its check digit. One of these characters is wrong.`,
          'personal-number': (line: string, from: string, to: string) =>
            `Line ${line}, characters ${from} to ${to}: this does not fit its check digit. One of these characters is wrong.`,
          line: (line: string, from: string, to: string) =>
            `Line ${line}, characters ${from} to ${to}: the last digit does not fit what it is computed from. One character of the lines is wrong.`,
        },
      },
      fields: {
        givenName: {
          label: 'Given names',
          hint: 'All of them, in the order of the document.',
          missing: 'Type your names. If the document has one name only, type it here.',
          unusable: 'This cannot be a name.',
        },
        surname: {
          label: 'Surnames',
          hint: 'Leave this empty if the document has one name only.',
          missing: 'Type your surnames.',
          unusable: 'This cannot be a surname.',
        },
        dateOfBirth: {
          label: 'Date of birth',
          hint: 'For example 27 3 1990.',
          missing: 'Type the date of birth.',
          unusable: 'This is no day in the past. Type the year with four digits.',
        },
        number: {
          label: 'Number of the document',
          hint: 'With its letters. Dashes and spaces do not matter.',
          missing: 'Type the number of the document.',
          unusable: 'This cannot be the number of a document.',
        },
        nationality: {
          label: 'Nationality',
          missing: 'Choose the nationality that the document states.',
          unusable: 'Choose a nationality of the list.',
        },
        country: {
          label: 'Country that issued the document',
          missing: 'Choose the country that issued the document.',
          unusable: 'Choose a country of the list.',
        },
        expiresOn: {
          label: 'Date of expiry',
          hint: 'Leave this empty if the document has none.',
          missing: 'Type the date of expiry.',
          unusable: 'This is no day of the calendar. Type the year with four digits.',
        },
      },
      parts: { day: 'Day', month: 'Month', year: 'Year' },
      choose: 'Choose one',
      stateless: 'Stateless, or a refugee',
      save: 'Save and continue',
    },

    check: {
      title: 'Check and send',
      stated: 'What you typed',
      linesFit: 'The lines with the < signs fit together, and fit what you typed.',
      change: (photo: string) => `Change this photo: ${photo}`,
      changeDetails: 'Change what you typed',
      lead: 'With this you state that the document is yours, and that what you typed is what it says. Afterwards you cannot change anything, unless we ask you to.',
      send: 'Send everything',
      busy: 'It could not be sent just now. Please try again in a moment.',
    },

    phone: {
      title: 'Continue on your phone',
      lead: 'Take the photos with your phone. You finish here.',
      noSignIn: 'You do not sign in on the phone.',
      onlyPhotos: 'The phone can send photos for this check. It sees nothing else of your account.',
      create: 'Show a QR code',
      scan: 'Point the camera of your phone at this code, and open the link. It works once, for ten minutes.',
      qrCode: 'QR code with the link for your phone',
      waiting: 'Waiting for your phone.',
      refresh: 'See whether something has changed',
      end: 'Disconnect the phone',
      opened: 'A phone has opened the link.',
      code: 'The code on your phone',
      codeHint:
        'Four digits. If your phone shows no code, somebody else has opened the link: disconnect it.',
      wrongCode: 'This is not the code. Look at your phone again.',
      connect: 'Connect this phone',
      notMine: 'No code on your phone?',
      ended: 'That was the wrong code too often, or it took too long. Show a new QR code.',
      connected: 'Your phone is connected, for an hour.',
      goOnHere: 'Continue here',
      openTitle: 'Take photos with this phone',
      openLead: 'You take the photos here, and finish on your computer.',
      openWarning:
        'Go on only if you opened this code yourself, on your own computer. Never photograph your document for somebody who sent you a code.',
      open: 'Take photos with this phone',
      linkUsed:
        'This link was already used, has expired, or was replaced. Show a new code on your computer.',
      disconnected:
        'This phone is not connected any more. To take more photos, show a new code on your computer.',
      onPhoneTitle: 'Photos for your identity check',
      typeCode: 'Type this code on your computer:',
      typeCodeHint: 'After that, this page continues.',
      takingFor: (name: string) => `You take photos for the check of ${name}.`,
      allHere: 'All photos have arrived. Continue on your computer.',
      sent: 'Everything was sent. You can close this page.',
    },
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
    signedInOn: (count: number) =>
      format.plural(count, {
        one: 'You are signed in in this browser only.',
        other: `You are signed in in ${count} browsers.`,
      }),
    seeDevices: 'See where, and sign out',
    data: 'Your data',
    exportHelp:
      'Take everything that we hold about you with you: details, photos, and who read them.',
    exportLink: 'Download your data',
    eraseHelp: 'Leave: everything that identifies you is erased.',
    eraseLink: 'Erase your account',
    forDevelopers: 'For developers',
    forDevelopersHelp: 'Build an application that asks people for what is stored here.',
    noAddress: 'Please enter an e-mail address.',
    sameAddress: 'This is already your address.',
    passkeyAddedWithCodes: (name: string) =>
      `The passkey “${name}” was added. You can sign in with it from now on.`,
  },

  timeZone: {
    title: 'Time zone',
    errorTitle: 'Error: time zone',
    lead: 'Pages and e-mails show times in this zone.',
    ofPortal: (zone: string) => `The zone of this portal (${zone})`,
    unknown: 'Please choose a time zone from the list.',
    save: 'Save',
    shown: (zone: string) => `Times are shown in this zone: ${zone}.`,
    change: 'Change the time zone',
    /** By the first part of the names of zones. */
    regions: {
      '': 'Everywhere',
      Africa: 'Africa',
      America: 'America',
      Antarctica: 'Antarctica',
      Arctic: 'Arctic',
      Asia: 'Asia',
      Atlantic: 'Atlantic Ocean',
      Australia: 'Australia',
      Europe: 'Europe',
      Indian: 'Indian Ocean',
      Pacific: 'Pacific Ocean',
    },
  },

  notices: {
    'verification-cancelled': 'The check was cancelled.',
    'time-zone-set': 'The time zone was saved.',
    'passkey-added': 'The passkey was added. You can sign in with it from now on.',
    'passkey-renamed': 'The passkey was renamed.',
    'passkey-removed': 'The passkey was removed. Nobody can sign in with it any more.',
    'totp-added': 'The authenticator app was added.',
    'totp-removed': 'The authenticator app was removed.',
    'session-ended': 'That device is signed out.',
    'sessions-ended': 'All other devices are signed out.',
    'export-requested': 'Your archive is being prepared.',
    'erasure-cancelled':
      'Your account stays. Applications have no access until you allow it again.',
    'notifications-saved': 'Saved. It applies from the next mail on.',
  },

  devices: {
    on: (browser: string, system: string) => `${browser} on ${system}`,
    unknown: 'Unknown device',
    title: 'Where you are signed in',
    lead: 'If you do not recognise one of these, sign it out and set a new password.',
    methods: {
      password: 'Signed in with your password',
      passwordAndCode: 'Signed in with your password and a code',
      passkey: 'Signed in with a passkey',
    },
    thisBrowser: 'This browser',
    used: (signedIn: Html, used: Html) => html`Signed in ${signedIn}, last used ${used}.`,
    usedFor: (applications: string) => `Used to sign in to ${applications}.`,
    endLabel: (device: string) => `Sign out ${device}`,
    endOthers: 'Sign out everywhere else',
    help: 'You are signed out after 12 hours without use, and at the latest 14 days after you last signed in.',
    staying: 'Applications that stay connected',
    stayingHelp:
      'You allowed these to read your data also when you are not signed in. Signing out does not change that. You end it on their pages.',
    back: 'Back to your account',
  },

  erase: {
    title: 'Erase your account',
    errorTitle: 'Error: erase your account',
    atOnce: 'Everything that identifies you is erased at once. This cannot be undone.',
    after: (days: number) =>
      format.plural(days, {
        one: 'Everything that identifies you is erased one day after you ask for it. Until then you can change your mind.',
        other: `Everything that identifies you is erased ${days} days after you ask for it. Until then you can change your mind.`,
      }),
    exportFirst: html`You may want to <a href="/account/export">download your data</a> first.`,
    goes: 'What is erased',
    goesList: [
      'Your name, your e-mail address, and everything that the registry said about you',
      'Your identity checks, with what was read from your documents and every photo; we ask the company that made the check to erase its copy too',
      'Your passwords, passkeys and other ways to sign in, and where you were signed in',
      'What you allowed applications, and files that you asked to download',
    ],
    stays: 'What stays, and why',
    staysList: [
      'The record of who read what. It has random numbers in the place of names, so it leads back to nobody, and it proves afterwards what happened.',
      'That a check existed, how many photos it had, and that they were erased. Without it there would be no proof for you.',
      'What applications and organisations hold themselves. We ask applications to erase their copies. An organisation that checked you for its own purposes keeps its check; ask it directly.',
      'Security copies of this portal, until they are overwritten. Nothing is restored from them into your account.',
    ],
    told: 'Applications that are told',
    toldHelp:
      'These applications read your data, or you allowed them to. They are asked to erase their copies, and what they answer is part of your proof.',
    toldNobody: 'No application has read your data, so there is none to tell.',
    sharingEnds: 'Every application loses its access.',
    sharingEndsNow:
      'Every application loses its access as soon as you ask. If you change your mind, you have to allow them again.',
    understood: 'I understand what is erased and what stays.',
    notUnderstood: 'Please tick this box if you want to go on.',
    button: 'Erase my account',
    requestedTitle: 'Your account will be erased',
    requestedLead:
      'You can still use it until then, but applications have no access any more. We write you an e-mail with the proof when it is done.',
    banner: (at: Html) => html`Your account will be erased on ${at}.`,
    cancel: 'Keep my account',
  },

  erased: {
    beginningTitle: 'Your account is being erased',
    beginning: 'This takes a moment. We also send a link to this page to your e-mail address.',
    title: 'Your account is erased',
    at: (at: Html) => html`It was erased on ${at}.`,
    complete: 'Nothing is left to be done on our side.',
    goesOn: 'Some copies are still being erased. This page shows what is done.',
    checks: 'Identity checks',
    noChecks: 'There were no identity checks.',
    photosErased: (count: number) =>
      format.plural(count, {
        one: 'One photo was erased here.',
        other: `${count || 'No'} photos were erased here.`,
      }),
    photosLeft: 'The photos are being erased here.',
    vendorAsked: (verifier: string) => `${verifier} is asked to erase its copy.`,
    vendorErased: (verifier: string) => `${verifier} holds no copy any more.`,
    vendorCannot: (verifier: string) =>
      `${verifier} offers no way to erase its copy from here. Ask the people who run this portal.`,
    applications: 'Applications',
    noApplications: 'No application had read your data.',
    hasErased: (name: string) => `${name} says that it has erased its copies.`,
    holdsNothing: (name: string) => `${name} says that it holds nothing.`,
    kept: (name: string, reason: string) => `${name} says that it keeps its copies: ${reason}`,
    toldAlready: (name: string) => `${name} was told, and has not answered yet.`,
    toBeTold: (name: string) => `${name} will be told.`,
    proof: 'Your proof',
    proofHelp:
      'A signed statement of what was erased, and when. It contains random numbers and no name. You need no account for it; this page works for a year.',
    download: 'Download the proof',
    verify: (keys: Html) => html`The keys that verify it are at ${keys}.`,
  },

  archive: {
    title: 'Download your data',
    lead: 'You get one ZIP file with everything that this portal holds about you.',
    contains: 'It contains:',
    contents: [
      'your account, how you sign in, and where you are signed in',
      'your identity checks: results, what was read from your documents, and the photos as they were taken',
      'what you allowed applications, and who read what',
    ],
    signed:
      'A signature of this portal is inside, so that others can check that nothing in the file was changed.',
    request: 'Prepare the file',
    again: 'Prepare a new file',
    requestHelp:
      'This takes a few minutes. You can close this page: we write you an e-mail when the file is ready. You can request three files a day.',
    preparing: 'Your file is being prepared.',
    files: (count: number) =>
      format.plural(count, {
        one: 'One piece of it is ready.',
        other: `${count || 'No'} pieces of it are ready.`,
      }),
    preparingHelp: 'You can close this page. We write you an e-mail when the file is ready.',
    check: 'Check again',
    ready: (size: string, until: Html) =>
      html`Your file is ready (${size}). You can download it until ${until}; then it is deleted.`,
    readyHelp: 'The file contains copies of your documents. Keep it where only you can open it.',
    download: 'Download the file',
    ended: 'The day to download your last file is over, and it is deleted.',
    failed: 'Your last file could not be prepared. We are sorry. Please request it again.',
    tooMany: 'You have requested three files within a day. Please request the next one tomorrow.',
    unreadable: 'The file cannot be read just now. Please try again in a few minutes.',
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
    downloaded: 'You downloaded everything that this portal holds about you.',
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
    tooMany:
      'You have reported many entries today. Please report the next one tomorrow, or write to us.',
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
    none: 'No organisation is linked to your account.',
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
    lead: 'We send a link and a code to your e-mail address.',
    send: 'Send the link',
    back: 'Back to sign-in',
    noAddress: 'Please enter your e-mail address.',
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

  mailCode: {
    title: 'Check your e-mail',
    errorTitle: 'Error: check your e-mail',
    otherDevice: 'Do you read your e-mail on another device? Type the code from the e-mail here.',
    wrong: 'That code is not right. After five wrong codes only the link in the e-mail works.',
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
    sent: (email: Html) =>
      html`We have sent an e-mail to ${email}. Open the link in this browser. It works once, for 30 minutes.`,
    sentIfInvited: (email: Html) =>
      html`If ${email} is invited, we have sent an e-mail to it. Open the link in this browser. It works once, for 30 minutes.`,
    inOutbox: (path: string) =>
      html`This portal has no mail server and sends nothing. <a href="${path}">Read its mails here</a>, and open the link in yours.`,
    noEmail: (path: string) =>
      html`No e-mail? Check your spam folder, and the address. <a href="${path}">Try again</a>`,
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

  setup: {
    title: 'The first operator',
    errorTitle: 'Error: the first operator',
    lead: 'Nobody operates this portal yet. The account that you create here becomes its administrator.',
    emailHelp: 'You sign in with it. We send nothing that you would have to confirm now.',
    emailTaken:
      'A resident has this address already. Choose another one, or make that account an operator on the command line: operator add EMAIL --role administrator',
    secondStep:
      'After a password you set up an authenticator app, because operators need a second step. A passkey is enough by itself.',
  },

  operator: {
    title: 'You operate this portal',
    created: 'Your account was created. The link that you used works no more.',
    lead: (role: string) => `Your role is ${role}.`,
    roles: {
      support: 'support',
      reviewer: 'reviewer',
      'developer-relations': 'developer relations',
      auditor: 'auditor',
      administrator: 'administrator',
    },
    where:
      'There are no pages for operators yet. All of this is done on the command line of the machine on which the portal runs, and there your role is not asked for.',
    commands: {
      check: 'Find out what is missing, and why it matters',
      vendor: 'Connect a company that checks identities',
      client: 'Register an application',
      signUp: 'Let residents create their own accounts',
      operators: 'Add another operator, who needs an account first',
      all: 'See every command',
    },
    systemd: 'On a machine that was set up with systemd, the program is called portal.',
    home: 'Go to your own page',
  },

  confirmEmail: {
    title: 'Confirm your e-mail address',
    lead: (email: Html) => html`After that you sign in as ${email}.`,
    button: 'Use this address',
    sentLead:
      'We have sent a link to your new address. Open it in this browser. It works once, for 24 hours.',
    sentHelp: html`No e-mail? Check your spam folder, and the address. <a href="/account">Try again</a>`,
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

  help: {
    title: 'Help',
    lead: html`Answers to what people ask most. If yours is not here, <a href="/contact">write to us</a>.`,
    questions: 'Questions',
    /** By the name of the place on the page. */
    answers: {
      'sign-in': {
        question: 'I cannot sign in',
        answer: html`<p>Check that the e-mail address is the one of your account here, not that of an application. If you do not know your password, <a href="/reset">set a new one</a>: we send a link to your address.</p>
<p>After several wrong tries you have to wait. The page says for how long. Nobody can shorten this, because it keeps others from guessing.</p>`,
      },
      'lost-phone': {
        question: 'I lost my phone, my passkey or my authenticator app',
        answer: html`<p>Sign in with your password and one of your recovery codes. Then remove what you lost on <a href="/account">your account page</a>, and set up a new passkey or authenticator app.</p>
<p>No recovery codes either? <a href="/contact">Write to us</a>. Once we are sure that it is you, we can remove your second steps.</p>`,
      },
      declined: {
        question: 'My identity check was declined, or is not finished',
        answer: html`<p>Open the check on <a href="/">your own page</a>. It shows who checked your document, what was decided and why, and what you can do next.</p>
<p>An application that asks for your documents gets those of your latest approved check only. If you think that a decision is wrong, <a href="/contact">write to us</a>, but do not send photos of your document by e-mail.</p>`,
      },
      'who-saw-it': {
        question: 'Who saw my data?',
        answer: html`<p><a href="/activity">Your activity page</a> lists every time that somebody read your data: who, what, when, and for which purpose. We record it before we show anything, and the record cannot be changed without it being noticed.</p>`,
      },
      'end-access': {
        question: 'How do I end the access of an application?',
        answer: html`<p>On <a href="/">your own page</a>, choose “End access” beside the application. It has no access from then on. Links to photos that it has already received work for up to one hour.</p>
<p>Only the application itself can delete what it has copied before. Its page here has a link to its privacy policy, if it gave one.</p>`,
      },
      'not-me': {
        question: 'I got an e-mail about something that I did not do',
        answer: html`<p>Use the link in that e-mail to say that it was not you. Then <a href="/reset">set a new password</a>, which signs you out everywhere, and check on <a href="/account">your account page</a> that you know every passkey and every device.</p>
<p>We never ask for your password or for a code by e-mail, message or telephone.</p>`,
      },
      'your-data': {
        question: 'How do I correct my data, or get a copy of it?',
        answer: html`<p>Change your e-mail address, your password and your second steps on <a href="/account">your account page</a>. Your name is taken from your document when you agree to it. You <a href="/account/export">download a copy of all that we store about you</a> yourself. For everything else, <a href="/contact">write to us</a>.</p>`,
      },
      erase: {
        question: 'How do I erase my account?',
        answer: html`<p>On <a href="/account/erase">the page that erases your account</a>, which says what goes, and what stays and why. With the account, all your checks, photos and permissions are erased, and every application that ever read your data is told. If you cannot sign in, <a href="/contact">write to us</a> from the address of your account.</p>`,
      },
    },
  },

  contact: {
    title: 'Contact',
    lead: html`Many questions are answered on <a href="/help">the help page</a>.`,
    operator: 'Run by',
    address: 'Address',
    phone: 'Telephone',
    none: 'No contact is published here yet. Ask the organisation that sent you here.',
    advice: 'When you write to us',
    adviceList: [
      'Write from the e-mail address of your account, if you can.',
      'If a page showed you a number for questions, include it.',
      'Never send your password, a code, or photos of your documents.',
    ],
    security: html`Have you found a weakness in the security of this portal? <a href="/.well-known/security.txt">This file</a> says where to report it.`,
  },

  privacy: {
    title: 'Privacy',
    lead: 'What this portal stores about you, for how long, and who sees it.',
    responsible: 'Who is responsible',
    operator: (operator: string) =>
      `${operator} runs this portal and is responsible for your data.`,
    unnamed: 'The people who run this portal are responsible for your data.',
    contact: html`<a href="/contact">How to reach them</a>`,
    policy: (url: string) =>
      html`They explain why they need your data, and on which legal basis, in <a href="${url}">their own privacy policy</a>.`,
    stored: 'What is stored',
    kept: 'For how long',
    seenBy: 'Who sees it',
    /** How long something is kept; without a number there is no limit. */
    days: (days: number) => `${days} ${format.plural(days, { one: 'day', other: 'days' })}`,
    untilErased: 'until you or the people who run this portal erase it',
    data: {
      account: {
        what: 'Your account: e-mail address, name, language, time zone, and how you sign in. Of your password we only keep a value from which it cannot be computed.',
        kept: 'Until your account is erased.',
        seen: 'Applications, if you allow them to see your name or your address.',
      },
      registry: {
        what: 'Entries of the registry of residents, if there are any: permit, birth, citizenships, sex, address, telephone, residency.',
        kept: 'Until your account is erased, or an entry is replaced.',
        seen: 'Applications, if you allow it.',
      },
      photos: {
        what: 'The photos of your documents and of your face.',
        kept: 'As long as the check that they belong to.',
        seen: 'Applications, if you allow it; the company or organisation that made the check.',
      },
      consents: {
        what: 'What you allowed an application to see, for which purpose and until when.',
        kept: 'Until the permission ends; then its dates, until your account is erased.',
        seen: 'The application; the dates only you.',
      },
      reports: {
        what: 'What you reported to us: a sign-in, a permission or an access that you did not expect, what you wrote about it and what we answered. Also which e-mails you want, and which kinds of data each application has seen before.',
        kept: 'Until your account is erased.',
        seen: 'The people who run this portal, who read what you wrote.',
      },
      activity: {
        what: 'The record of who read your data and when. It contains random numbers instead of your name.',
        kept: 'Without limit, so that nobody can deny having read it. When your account is erased, the numbers no longer lead to anybody.',
        seen: 'You, and the people who run this portal.',
      },
      sessions: {
        what: 'Where you are signed in, with the type of browser; the browsers in which you signed in before, as numbers that only we can recognise.',
        kept: 'Until you sign out, at most 14 days; browsers for 60 days after you last signed in there.',
        seen: 'You.',
      },
      mails: {
        what: 'E-mails to you that have not been sent yet.',
        kept: 'Hours.',
        seen: 'The provider of the mail server, and your own.',
      },
      logs: {
        what: 'Technical logs. They do not contain your name, your address or anything of your documents.',
        kept: 'As the people who run this portal decide.',
        seen: 'The people who run this portal.',
      },
    },
    checks: {
      what: 'Your identity checks: who made them, the result, the times, and what was read from the document.',
      kept: (approved: string, declined: string, unfinished: string) =>
        `Approved checks: ${approved}. Declined checks: ${declined}. Unfinished checks: ${unfinished}.`,
      seen: 'Applications, if you allow it; the company or organisation that made the check.',
    },
    deliveries: {
      what: 'The messages in which companies told us the result of a check.',
      kept: (days: string) => `To investigate faults: ${days}.`,
      seen: 'The people who run this portal, when something is wrong.',
    },
    others: 'Who else is involved',
    othersText:
      'Companies or organisations that check documents collect your photos themselves, under their own privacy policies. A storage provider keeps the photos, and a mail server sends our e-mails.',
    cookies: 'Cookies',
    cookiesText:
      'This portal sets only the cookies that it needs: to keep you signed in, to recognise your browser and your forms, and to remember your language. Its pages load nothing from other servers, and nothing measures what you do on them.',
    protection: 'How it is protected',
    protectionText:
      'Personal data is encrypted in our database with a key of its own for each person. Every access is recorded before anything is shown. When your account is erased, its key is destroyed, and nothing that was encrypted with it can be read any more. Backups from before that day are deleted when the people who run this portal delete them.',
    rights: 'Your rights',
    rightsList: [
      html`See what is stored: on <a href="/">your own page</a> and <a href="/account">your account page</a>; who read it: on <a href="/activity">your activity page</a>.`,
      html`End a permission at any time, with immediate effect, on <a href="/">your own page</a>.`,
      html`<a href="/account/export">Get a copy of your data</a>, or <a href="/account/erase">erase your account</a>. To have something corrected: <a href="/help#your-data">how this works</a>.`,
      'Complain to the data protection authority where you live.',
    ],
  },

  accessibility: {
    title: 'Accessibility statement',
    lead: 'We want everybody to be able to use this portal, with whatever device, browser or assistive technology they have.',
    status: 'How accessible this portal is',
    statusText:
      'The goal is the Web Content Accessibility Guidelines (WCAG) 2.2, level AA. The tests below find no fault. Nobody independent has assessed the portal yet, so we do not claim that it conforms completely.',
    measures: 'How it is tested',
    measuresList: [
      'The program axe examines the pages for faults, in a light and in a dark design, before each release.',
      'Each page is used in a window of 320 pixels, as on a small phone or at 400 % zoom, and nothing has to be scrolled sideways.',
      'Everything that can be used is reached with the keyboard alone, and one sees where one is.',
      'The contrast of a colour that an operator chooses is computed when the portal starts. With less than 4.5 : 1 it does not start.',
      'Every page works without JavaScript, except for adding and using passkeys. A password does instead.',
    ],
    limits: 'What does not work well',
    limitsList: [
      'The text alternative of a photo says what it shows, such as the front of a document, but not what is written on it. What was read from the document is listed beside it.',
      'Names and purposes of applications are shown as they wrote them, in whatever language.',
      'The reference for developers is in English only.',
      'The pages of applications and of companies that check documents are not part of this portal.',
    ],
    technology: 'Technology',
    technologyText:
      'The pages need HTML and CSS. They follow the settings of your device for language, dark design, font size and high contrast.',
    feedback: 'Tell us',
    feedbackText: html`Is something difficult or impossible to use? Please <a href="/contact">write to us</a>, and say on which page it happened and with which device.`,
    date: (day: Html) => html`This statement was written on ${day}, from the results of the tests.`,
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
    teamSuspended:
      'The operator has suspended this team. Its members can look, and change nothing.',
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
      'Please open this link in the browser in which you requested it, or type the code from the e-mail there. It still works there.',
    receiptExpired: 'This link has expired, or was never valid.',
    mailLinkExpired: 'This link was already used or has expired. Please request a new one.',
    noticeExpired:
      'This link was already used or has expired. If something is still wrong, sign in and check your own page, or set a new password.',
    emailTaken: 'This address belongs to another account.',
    signUpClosed:
      'Nobody can create an account here by themselves. Ask the people who run this portal for one.',
    setupUsed:
      'This link cannot be used: it was used, an hour has passed, or somebody operates this portal already. A new link is made on the command line: operator setup',
    teamInvitationOver:
      'This invitation to a team was used or withdrawn, or it has expired. Ask the team for a new one.',
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
    arrived: 'What arrived',
    expected: 'What was expected',
    nothing: 'nothing',
    entry: 'What this error means',
    inConsole: 'This request in the console',
  },

  mails: {
    signature: 'The identity portal',
    reset: ({ to, link, code, minutes }: Words<'to' | 'link' | 'code' | 'minutes'>) => ({
      subject: 'Set a new password',
      text: `Someone asked to set a new password for the identity portal account of ${to}.

If it was you, open this link in the browser in which you asked. It works once, for ${minutes} minutes:

${link}

Are you reading this on another device? Then type this code on the page that is still open in that browser:

${code}

Never tell anyone the code, not even somebody who says that they work for the portal. If it was not you, you need not do anything: without the link or the code nothing changes.`,
    }),
    confirmEmail: ({ to, link, code, hours }: Words<'to' | 'link' | 'code' | 'hours'>) => ({
      subject: 'Confirm your e-mail address',
      text: `Someone asked to use ${to} for an account of the identity portal.

If it was you, open this link in the browser in which you asked. It works once, for ${hours} hours:

${link}

Are you reading this on another device? Then type this code on the page that is still open in that browser:

${code}

Never tell anyone the code. If it was not you, you need not do anything: without the link or the code the address is not used.`,
    }),
    exportReady: ({ page, hours }: Words<'page' | 'hours'>) => ({
      subject: 'Your data is ready to download',
      text: `The file with everything that the identity portal holds about you is ready. Sign in, and download it within ${hours} hours; then it is deleted:

${page}

If you did not ask for it, set a new password at once, and write to the people who run the portal.`,
    }),
    erasureRequested: ({ at, page }: Words<'at' | 'page'>) => ({
      subject: 'Your account will be erased',
      text: `You asked to erase your account of the identity portal. It will be erased on ${at}. No application has access any more.

If you change your mind, or if it was not you, sign in before then and keep your account:

${page}

If it was not you, also set a new password.`,
    }),
    erasureReminder: ({ at, page }: Words<'at' | 'page'>) => ({
      subject: 'Your account will be erased soon',
      text: `Your account of the identity portal will be erased on ${at}. If you want to keep it, sign in before then:

${page}`,
    }),
    erased: ({ link, days }: Words<'link' | 'days'>) => ({
      subject: 'Your account is erased',
      text: `Your account of the identity portal is erased. This page says what was erased, and has a signed proof to download. It needs no account, and works for ${days} days:

${link}

This is the last e-mail about this account.`,
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
    teamInvitation: ({ to, link, days }: Words<'to' | 'link' | 'days'>) => ({
      subject: 'You are invited to a team of developers',
      text: `Somebody invites ${to} to a team that builds applications with the identity portal.

Open this link to see which team it is, and to join it. It works once, for ${days} days:

${link}

If you do not want to join, or do not know what this is about, you need not do anything.`,
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
    /** What became of a resident's own verification. */
    outcomes: {
      approved: ({ link }: Words<'link'>) => ({
        subject: 'Your identity is confirmed',
        text: `Your identity check is finished, and your document was approved. Applications that you allow can see it from now on.

See it, and who may see it:

${link}

If an application is waiting for it, go back there.`,
      }),
      declined: ({ reasons, link, page }: Words<'reasons' | 'link' | 'page'>) => ({
        subject: 'Your identity could not be confirmed',
        text: `Your identity check is finished, and your identity could not be confirmed.

${reasons}

Try again:

${link}

The details of this check:

${page}`,
      }),
      'declined-for-good': ({ reasons, page }: Words<'reasons' | 'page'>) => ({
        subject: 'Your identity could not be confirmed',
        text: `Your identity check is finished, and your identity could not be confirmed.

${reasons}

The details of this check:

${page}`,
      }),
      /** Beside the bad news of another check. */
      otherCounts: 'An earlier check of yours is approved, and still counts.',
      'not-accepted': ({ reasons, link, page }: Words<'reasons' | 'link' | 'page'>) => ({
        subject: 'Your document was not accepted',
        text: `People who run the portal looked at your document, and did not accept it for your account. No application can see it.

${reasons}

Have another document checked:

${link}

The details of this check:

${page}`,
      }),
      resubmission: ({ reasons, link }: Words<'reasons' | 'link'>) => ({
        subject: 'New photos are needed',
        text: `Your identity check is not finished: new photos are needed.

${reasons}

Go on with it:

${link}`,
      }),
      ended: ({ reasons, link }: Words<'reasons' | 'link'>) => ({
        subject: 'Your identity check was not finished',
        text: `Your identity check ended without a result.

${reasons}

Start again:

${link}

If you do not want to be verified, you need not do anything.`,
      }),
      soon: ({ day, link }: Words<'day' | 'link'>) => ({
        subject: 'Your document expires soon',
        text: `The document with which your identity was confirmed expires on ${day}. After that day, applications may not accept it.

When you have a new document, have it checked:

${link}`,
      }),
      expired: ({ day, link }: Words<'day' | 'link'>) => ({
        subject: 'Your document has expired',
        text: `The document with which your identity was confirmed expired on ${day}. Applications may not accept it any more.

Have a new document checked:

${link}`,
      }),
    },
    /** To a team of developers, about its application. */
    production: {
      approved: ({ application, page }: Words<'application' | 'page'>) => ({
        subject: 'Your application is approved',
        text: `${application} is registered for residents. Its client id is on its page, where your team also makes its secret, if it uses one:

${page}`,
      }),
      changed: ({ application, page }: Words<'application' | 'page'>) => ({
        subject: 'The change of your application is approved',
        text: `The change of ${application} that your team asked for is in effect:

${page}`,
      }),
      declined: ({ application, reason, page }: Words<'application' | 'reason' | 'page'>) => ({
        subject: 'Your request was declined',
        text: `The people who run the portal have declined what your team asked for ${application}. Their reason:

${reason}

You can change the request and send it again:

${page}`,
      }),
    },
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
