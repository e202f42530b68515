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
      'Somebody used a link in an e-mail to you to report that you did not allow this application. It cannot see any of your data, and cannot ask you for access.',
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
      'Frozen: somebody used a link in an e-mail to you to report that you did not allow this application. It cannot see any of your data.',
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
      html`Frozen: somebody used a link in an e-mail to you to report that you did not allow this application. It cannot see any of your data until you <a href="${path}">lift the freeze or end its access</a>.`,
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

  capture: {
    title: 'Your identity check',
    errorTitle: (title: string) => `Error: ${title}`,
    lead: 'Photograph your document and your face, and type what the document says. Then a person compares them.',
    who: 'A member of our staff looks at the photos. No computer decides, and nothing here checks whether a photo is taken live.',
    stepOf: (number: string, all: string) => `Step ${number} of ${all}`,
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
    sentTitle: 'A person looks at it',
    sentLead:
      'Everything has arrived. You can close this page. The result will appear with your documents.',
    standing: 'See how it stands, and what comes next',
    decided: (status: string) => `The result: ${status}.`,
    receivedPhoto: (photo: string) => `${photo}: received`,

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
  },

  devices: {
    on: (browser: string, system: string) => `${browser} on ${system}`,
    unknown: 'Unknown device',
  },

  activity: {
    title: 'Activity',
    heading: 'Who has read your data',
    lead: 'We record every access before we show anything. The record is protected: nobody can change it without it being noticed. Times are in UTC.',
    none: 'Nobody has read your data yet.',
    purpose: (purpose: string) => `Stated purpose: ${purpose}`,
    entry: (id: string) => `Entry ${id}`,
    older: 'Older',
    you: 'You',
    removedApplication: 'An application that was removed',
    operator: 'The people who run this portal',
    images: {
      document_front: 'the front of your document',
      document_back: 'the back of your document',
      selfie: 'your face',
    },
    wasShown: (images: string) => `Was shown ${images}.`,
    shownWithoutPhotos: 'Was shown your identity check, without photos.',
    metadata: (images: string) => `Read the size and date of ${images}, but did not see the photo.`,
    nothing: 'Asked for your data, but there was nothing to show.',
    person: 'Read your personal details.',
    residency: 'Read your residency.',
    status: 'Read whether your identity was verified, and nothing else.',
    age: (age: string) => `Read whether you are over ${age}, and nothing else.`,
    claims: (names: string) => `Read ${names}.`,
    claimsAndImages: (names: string, images: string) => `Read ${names}, and was shown ${images}.`,
    claimNames: {
      name: 'your name',
      given_name: 'your name',
      family_name: 'your name',
      email: 'your e-mail address',
      email_verified: 'your e-mail address',
      verified_claims: 'the result of your identity check',
    },
    event: 'Was notified that your identity check has changed.',
    refusal: (scopes: string) =>
      `Asked for something that you had not allowed (${scopes}), and was refused.`,
    tenantReads: {
      verification: 'Read one of your identity checks.',
      verifications: 'Read the list of your identity checks.',
      result: 'Read the result of an identity check.',
      'started verification': 'Started an identity check for you.',
      subject: 'Read the id it uses for you, and whether you are linked to it.',
      subjects:
        'Read the id it uses for you, and whether you are linked to it, in a list of people.',
      alerts: 'Read that something about one of your identity checks needs a closer look.',
    },
    reviews: {
      approved: 'Reviewed your identity check and approved it.',
      declined: 'Reviewed your identity check and declined it.',
    },
    alertResolved: 'Read and settled an alert about one of your identity checks.',
    alertEnded:
      'An alert about one of your identity checks was settled, because its document fits your account now.',
    operatorReads: {
      resident: 'Read your personal details.',
      verification: 'Read one of your identity checks.',
      delivery: 'Read a message that a verification company sent about you.',
      event: 'Read which notifications were sent about you.',
      ledger: 'Read this list.',
      alert: 'Read that something about one of your identity checks needs a closer look.',
    },
    exported: 'Made a copy of everything that this portal holds about you.',
    verificationErased: 'An identity check was erased.',
    accountErased: 'Your account was erased.',
    subjectErased: (organisation: string) => `Erased the record that ${organisation} had of you.`,
    anOrganisation: 'an organisation',
    accepted: (reason: string) => `Accepted your document for this account. ${reason}.`,
    notAccepted: (reason: string) => `Did not accept your document for this account. ${reason}.`,
    reason: (reason: string) => `Reason: ${reason}`,
    reasonErased: 'The reason was erased',
    factorsRemoved: 'Removed your passkeys, authenticator app and recovery codes.',
    linked: (organisation: string) =>
      `Linked the record that ${organisation} has of you to your account.`,
    unlinked: (organisation: string) =>
      `Ended the link to the record that ${organisation} has of you.`,
    trust: 'This portal began or ceased to accept the identity checks of an organisation.',
    unrecognized: 'Read some of your data.',
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
